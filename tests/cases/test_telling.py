"""Where messages go."""

from __future__ import annotations

import pytest

from services.notifier.senders.addresses import Addresses, MayNot
from services.notifier.settings import NotifierSettings


async def test_a20_a_webhook_leads_to_the_machine_itself_only_where_the_operator_says_so() -> None:
    fields = NotifierSettings.model_fields
    plain, private = fields["webhook_plain_hosts"].default, fields["webhook_private_hosts"].default

    for address in ("http://127.0.0.1:8002/v1/parked", "https://127.0.0.1:8002/v1/parked"):
        with pytest.raises(MayNot):
            await Addresses(plain, private).resolve(address)
