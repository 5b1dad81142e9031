"""DingTalk (钉钉): work notices of an application to one person, and the robot of a group.

DingTalk shows a text that it has shown before to nobody, and says that it took it: so each text has
the letter's stamp. Errors: https://open.dingtalk.com/document/orgapp/error-code
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from typing_extensions import override

from services.notifier.messages import Handover
from services.notifier.senders.chat import MOST_BYTES, AppSender, ChatSender, Codes, text_of
from services.notifier.senders.http import Http, Progress
from services.notifier.senders.letter import Letter
from services.notifier.senders.rates import Rates

TO_A_MEMBER_A_MINUTE: Final = 30
"""DingTalk names none for a minute, but 500 a day: it takes more, and shows them to nobody."""
BY_A_ROBOT_A_MINUTE: Final = 20
BARRED: Final = timedelta(minutes=10)
"""For so long a robot that was too fast is not heard."""
_SOON: Final = timedelta(minutes=1)
APP_CODES: Final = Codes(
    too_fast=dict.fromkeys(("90002", "90018", "143103", "143104"), _SOON),
    stale_token=frozenset({"40014", "42001", "41001"}),
    # Key and secret, agent id, an address that is not on the list, and rights of the application.
    set_up=frozenset({"40001", "40089", "40096", "33012", "60020", "60011", "private_address"}),
)
ROBOT_CODES: Final = Codes(
    too_fast=dict.fromkeys(("130101", "410100", "660026", "90030"), BARRED),
    # Signature, keyword or address; no such robot, switched off, or its group is no more.
    set_up=frozenset({"310000", "300001", "400101", "400102", "400106", "400013"}),
    set_up_means=Handover.REFUSED,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DingtalkAccount:
    """The application in whose name people get messages."""

    url: str
    app_key: str
    agent_id: int
    secret: str


class DingtalkApp(AppSender):
    """Work notices to one person each. DingTalk takes them; whom it knows not it does not say."""

    def __init__(self, account: DingtalkAccount, http: Http, *, replicas: int = 1) -> None:
        super().__init__("dingtalk", http, APP_CODES, Rates(TO_A_MEMBER_A_MINUTE // replicas))
        self._account = account

    @property
    @override
    def _token_address(self) -> str:
        names = {"appkey": self._account.app_key, "appsecret": self._account.secret}
        return f"{self._account.url}/gettoken?{urlencode(names)}"

    @override
    def _letter_of(self, letter: Letter) -> tuple[str, Mapping[str, Any]]:
        document = {
            "agent_id": self._account.agent_id,
            "userid_list": letter.address,
            "msg": {"msgtype": "text", "text": {"content": text_of(letter)}},
        }
        return f"{self._account.url}/topapi/message/corpconversation/asyncsend_v2", document


class DingtalkRobot(ChatSender):
    """The robot of one group, which knows us by a signature (`secret`), by a `keyword` in each
    text, or by our address.
    """

    def __init__(
        self,
        url: str,
        token: str,
        channel: str,
        http: Http,
        *,
        secret: str | None = None,
        keyword: str | None = None,
        replicas: int = 1,
    ) -> None:
        super().__init__(channel, http, ROBOT_CODES, Rates(BY_A_ROBOT_A_MINUTE // replicas))
        self._url = f"{url}/robot/send"
        self._token = token
        self._secret = secret
        self._keyword = keyword

    @override
    async def _hand_over(self, letter: Letter, progress: Progress) -> None:
        text = text_of(letter)
        if self._keyword and self._keyword not in text:
            text = f"{self._keyword}\n{text_of(letter, MOST_BYTES - len(self._keyword.encode()))}"
        names = {"access_token": self._token} | self._signature()
        document = {"msgtype": "text", "text": {"content": text}}
        await self._post(f"{self._url}?{urlencode(names)}", document, letter.lane, progress)

    def _signature(self) -> dict[str, str]:
        """Made of the real time, also in a trial: DingTalk takes no other than its own hour."""
        if self._secret is None:
            return {}
        return signature(self._secret, time.time_ns() // 1_000_000)


def signature(secret: str, milliseconds: int) -> dict[str, str]:
    """What shows that we know a robot's secret, at a time since 1970."""
    signed = f"{milliseconds}\n{secret}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(digest).decode()}
