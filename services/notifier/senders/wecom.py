"""WeCom (企业微信): messages of an application to one person, and the robot of a group.

Errors: https://developer.work.weixin.qq.com/document/path/90313
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from typing_extensions import override

from services.notifier.messages import Handover
from services.notifier.senders.chat import AppSender, ChatSender, Codes, text_of
from services.notifier.senders.http import Http, Progress
from services.notifier.senders.letter import Letter
from services.notifier.senders.rates import Rates

TO_A_MEMBER_A_MINUTE: Final = 30
BY_A_ROBOT_A_MINUTE: Final = 20
_TOO_FAST: Final = {"45009": timedelta(minutes=1), "45033": timedelta(seconds=5)}
"""Too many calls in a minute; too many at the same time."""
APP_CODES: Final = Codes(
    too_fast=_TOO_FAST,
    stale_token=frozenset({"40014", "42001", "41001"}),
    # Secret, corp id, agent id, an address that is not trusted, and rights of the application.
    set_up=frozenset({"40001", "40013", "40056", "60020", "48002", "301002", "private_address"}),
)
ROBOT_CODES: Final = Codes(
    too_fast=_TOO_FAST,
    # No such robot, switched off, not in the group: others have to hear of it at once.
    set_up=frozenset({"93000", "93004", "93008"}),
    set_up_means=Handover.REFUSED,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WecomAccount:
    """The application in whose name people get messages."""

    url: str
    corp_id: str
    agent_id: int
    secret: str


class WecomApp(AppSender):
    """Messages to one member each."""

    def __init__(self, account: WecomAccount, http: Http, *, replicas: int = 1) -> None:
        super().__init__("wecom", http, APP_CODES, Rates(TO_A_MEMBER_A_MINUTE // replicas))
        self._account = account

    @property
    @override
    def _token_address(self) -> str:
        names = {"corpid": self._account.corp_id, "corpsecret": self._account.secret}
        return f"{self._account.url}/cgi-bin/gettoken?{urlencode(names)}"

    @override
    def _letter_of(self, letter: Letter) -> tuple[str, Mapping[str, Any]]:
        document = {
            "touser": letter.address,
            "msgtype": "text",
            "agentid": self._account.agent_id,
            "text": {"content": _without_markup(text_of(letter))},
            # A letter that goes out again because nobody knew is shown once.
            "enable_duplicate_check": 1,
        }
        return f"{self._account.url}/cgi-bin/message/send", document

    @override
    def _why_not_there(self, answer: Mapping[str, Any]) -> str | None:
        """It takes a message to nobody: who is unknown, or has no licence, is only named."""
        return next((name for name in ("invaliduser", "unlicenseduser") if answer.get(name)), None)


class WecomRobot(ChatSender):
    """The robot of one group. Its key is all that is needed to speak there."""

    def __init__(self, url: str, key: str, channel: str, http: Http, *, replicas: int = 1) -> None:
        super().__init__(channel, http, ROBOT_CODES, Rates(BY_A_ROBOT_A_MINUTE // replicas))
        self._address = f"{url}/cgi-bin/webhook/send?{urlencode({'key': key})}"

    @override
    async def _hand_over(self, letter: Letter, progress: Progress) -> None:
        document = {"msgtype": "text", "text": {"content": text_of(letter)}}
        await self._post(self._address, document, letter.lane, progress)


def _without_markup(text: str) -> str:
    """WeCom makes links of what is written as in HTML: nobody's words may pass for ours."""
    return text.replace("<", "＜")
