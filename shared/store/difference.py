"""What an update has to say for one document to become another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.documents import Doc


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """What differs, as the `set`, `push` and `unset` of a change.

    A list that only grew is pushed to, and of one that is as long as before only what is another
    is set: a timeline of hundreds of entries is not written anew for one more.
    """
    setting: Doc = {}
    pushing: Doc = {}
    for key, value in new.items():
        was = old.get(key)
        if key in old and value == was:
            continue
        if not (isinstance(value, list) and isinstance(was, list)):
            setting[key] = value
        elif len(value) > len(was) and value[: len(was)] == was:
            pushing[key] = value[len(was) :]
        elif len(value) == len(was):
            setting |= {f"{key}.{i}": v for i, v in enumerate(value) if v != was[i]}
        else:
            setting[key] = value
    return {"set": setting, "push": pushing, "unset": [key for key in old if key not in new]}
