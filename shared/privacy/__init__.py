"""What is personal, and how it is sealed, found again, masked and scrubbed.

`open` is not re-exported: few may import it.
"""

from shared.privacy.index import BlindIndex
from shared.privacy.keys import Keys, load_keys, make_keys
from shared.privacy.scrub import (
    building_of_flat,
    mask_name,
    mask_phone,
    mask_room,
    masked,
    scrub,
)
from shared.privacy.seal import Sealer
from shared.privacy.telephone import Telephone, read_telephone
from shared.privacy.vault import CannotOpen, Vault

__all__ = [
    "BlindIndex",
    "CannotOpen",
    "Keys",
    "Sealer",
    "Telephone",
    "Vault",
    "building_of_flat",
    "load_keys",
    "make_keys",
    "mask_name",
    "mask_phone",
    "mask_room",
    "masked",
    "read_telephone",
    "scrub",
]
