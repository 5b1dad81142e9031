"""What exchanges tell is read, and believed only of the exchange itself."""

from __future__ import annotations

from services.telephony.calls.calling import Calling
from services.telephony.inbound.exchanges import Exchanges
from shared.bus import Inbound, Reject
from shared.bus.senders import sender_of
from shared.calls.facts import Fact
from shared.calls.telling import heard, key_of


class Hearing:
    """Takes messages. `secret` proves who sent what is replayed."""

    def __init__(self, calling: Calling, exchanges: Exchanges, secret: bytes) -> None:
        self._calling = calling
        self._exchanges = exchanges
        self._secret = secret

    async def take(self, message: Inbound) -> None:
        """Note what an exchange tells; raises MalformedMessage, and Reject for what is told in
        another's name or under another key than its own.
        """
        told = heard(message.body)
        if sender_of(self._secret, message) != told.exchange:
            raise Reject(
                "refused",
                "source: only the broker user of that exchange is believed "
                "(hotline publishers add NAME --exchange)",
            )
        if message.routing_key not in {key_of(told), message.queue}:
            raise Reject("refused", "type: is not what the routing key says")
        if isinstance(told, Fact):
            await self._calling.take(told)
        else:
            await self._exchanges.hear(told)
