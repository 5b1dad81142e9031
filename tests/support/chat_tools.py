"""WeCom and DingTalk as their public documents describe them, on this machine: what they take, what
they say, and what somebody is then shown. A test sets their moods.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from tests.support.bench import until

Mood = Literal[
    "answers", "html", "empty", "not ours", "hangs", "cut", "redirects", "breaks", "busy"
]
CORP, AGENT, SECRET = "ww-sample", 1000002, "wecom-secret-value"
APP_KEY, APP_SECRET = "ding-sample", "dingtalk-secret-value"
ROBOT_KEY, ROBOT_TOKEN = "robot-key-value", "robot-token-value"
ROBOT_SECRET = "SEC-robot-secret-value"
MEMBERS: Final = ("ZhangSan", "lisi", "0123456")
A_MINUTE: Final = 20
MOST_BYTES: Final = 2048
ELSEWHERE = "https://elsewhere.example/"


@dataclass(frozen=True)
class Shown:
    """What somebody reads: a member by id, or the group (`*`)."""

    to: str
    text: str


@dataclass
class ChatTools:
    """Both servers. `mood` is that of whatever takes messages, `token_mood` of what gives tokens;
    `code` is answered in the place of success, and `takes` says whether what is answered with a
    mood was taken all the same.
    """

    port: int = 0
    mood: Mood = "answers"
    token_mood: Mood = "answers"
    takes: bool = True
    code: int = 0
    trusts_us: bool = True
    licensed: bool = True
    members: tuple[str, ...] = MEMBERS
    keyword: str = ""
    signed: bool = False
    expires_in: int = 7200
    tokens: list[str] = field(default_factory=list)
    stale: dict[str, int] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    by_robot: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    may_give: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_give.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def to(self, who: str) -> list[str]:
        """What was shown to one, or to the group."""
        return [shown.text for shown in self.shown if shown.to == who]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/cgi-bin/gettoken", self._wecom_token),
                Route("/cgi-bin/message/send", self._wecom_message, methods=["POST"]),
                Route("/cgi-bin/webhook/send", self._wecom_robot, methods=["POST"]),
                Route("/gettoken", self._dingtalk_token),
                Route(
                    "/topapi/message/corpconversation/asyncsend_v2",
                    self._dingtalk_message,
                    methods=["POST"],
                ),
                Route("/robot/send", self._dingtalk_robot, methods=["POST"]),
            ]
        )

    async def _wecom_token(self, request: Request) -> Response:
        names = (request.query_params.get("corpid"), request.query_params.get("corpsecret"))
        return await self._give_token(names == (CORP, SECRET), 40001)

    async def _dingtalk_token(self, request: Request) -> Response:
        names = (request.query_params.get("appkey"), request.query_params.get("appsecret"))
        return await self._give_token(names == (APP_KEY, APP_SECRET), 40089)

    async def _give_token(self, known: bool, otherwise: int) -> Response:  # noqa: FBT001
        self.calls.append("token")
        await self.may_give.wait()
        if self.token_mood != "answers":
            return await self._in_mood(self.token_mood)
        if not known:
            return said(otherwise)
        self.tokens.append(f"token-value-{len(self.tokens)}")
        return said(0, access_token=self.tokens[-1], expires_in=self.expires_in)

    async def _wecom_message(self, request: Request) -> Response:
        document = await self._noted(request)
        if code := self._code_of_token(request):
            return said(code)
        if not self.trusts_us:
            return said(60020, errmsg="not allow to access from your ip, from ip: 203.0.113.7")
        if document["agentid"] != AGENT or self.code:
            return said(self.code or 40056)
        to, text = document["touser"], cut(document["text"]["content"])
        if to.lower() not in map(str.lower, self.members):
            return said(0, invaliduser=to.lower())
        if not self.licensed:
            return said(0, unlicenseduser=to.lower())
        folds = document.get("enable_duplicate_check") == 1
        return await self._take(to, text, folds=folds)

    async def _wecom_robot(self, request: Request) -> Response:
        document = await self._noted(request)
        if request.query_params.get("key") != ROBOT_KEY or self.code:
            return said(self.code or 93000)
        return await self._by_robot(document["text"]["content"], 45009, folds=False)

    async def _dingtalk_message(self, request: Request) -> Response:
        document = await self._noted(request)
        if code := self._code_of_token(request):
            return said(88, sub_code=str(code))
        if not self.trusts_us:
            return said(88, sub_code="60020")
        if document["agent_id"] != AGENT or self.code:
            return said(self.code or 33012)
        return await self._take(
            document["userid_list"], document["msg"]["text"]["content"], folds=True
        )

    async def _dingtalk_robot(self, request: Request) -> Response:
        document = await self._noted(request)
        text = document["text"]["content"]
        if request.query_params.get("access_token") != ROBOT_TOKEN or self.code:
            return said(self.code or 300001)
        if (self.keyword and self.keyword not in text) or not self._is_signed(request):
            return said(310000)
        return await self._by_robot(text, 130101, folds=True)

    def _is_signed(self, request: Request) -> bool:
        if not self.signed:
            return True
        at, sign = (request.query_params.get(name, "") for name in ("timestamp", "sign"))
        signed = f"{at}\n{ROBOT_SECRET}".encode()
        digest = hmac.new(ROBOT_SECRET.encode(), signed, hashlib.sha256).digest()
        return sign == base64.b64encode(digest).decode() and abs(time.time() * 1000 - int(at)) < 9e5

    async def _by_robot(self, text: str, too_fast: int, *, folds: bool) -> Response:
        self.by_robot += 1
        return (
            said(too_fast) if self.by_robot > A_MINUTE else await self._take("*", text, folds=folds)
        )

    async def _noted(self, request: Request) -> dict[str, Any]:
        self.calls.append(request.url.path)
        document: dict[str, Any] = orjson.loads(await request.body())
        self.posted.append(document)
        return document

    def _code_of_token(self, request: Request) -> int:
        token = request.query_params.get("access_token", "")
        return 40014 if token not in self.tokens else self.stale.get(token, 0)

    async def _take(self, to: str, text: str, *, folds: bool) -> Response:
        """Equal texts are shown once where the tool folds them, and each is said to be taken."""
        answers = self.mood == "answers"
        if (answers or self.takes) and not (folds and (to, text) in self.seen):
            self.seen.add((to, text))
            self.shown.append(Shown(to, text))
        return said(0, task_id=1) if answers else await self._in_mood(self.mood)

    async def _in_mood(self, mood: Mood) -> Response:
        if mood == "hangs":
            await self.let_go.wait()
        if mood == "cut":
            return Cut()
        answers: dict[Mood, Response] = {
            "html": Response("<html>504</html>", media_type="text/html"),
            "empty": Response(b""),
            "not ours": Response(b'[{"errcode": "0"}]'),
            "redirects": RedirectResponse(ELSEWHERE),
            "breaks": Response("down", 502),
            "busy": Response("busy", 503),
        }
        return answers.get(mood, Response(b""))


class Cut(Response):
    """Says that it is longer than it is, and hangs up."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"100"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"errcode": 0', "more_body": True})


def said(errcode: int, **more: Any) -> Response:
    """An answer, always with the status 200."""
    words = {"errcode": errcode, "errmsg": "ok" if errcode == 0 else "no"}
    return Response(orjson.dumps(words | more), media_type="application/json")


def cut(text: str) -> str:
    """WeCom shows so many bytes and drops the rest."""
    return text.encode()[:MOST_BYTES].decode(errors="ignore")


class _Server(uvicorn.Server):
    """One that leaves signals to the test run."""

    @contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running_chat_tools() -> AsyncIterator[ChatTools]:
    """Both while the block lasts."""
    tools = ChatTools()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        tools.port = listening.getsockname()[1]
        config = uvicorn.Config(
            tools.app(), log_config=None, access_log=False, lifespan="off", ws="none"
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        await until(lambda: server.started)
        try:
            yield tools
        finally:
            tools.let_go.set()
            tools.may_give.set()
            server.should_exit = True
            await serving
