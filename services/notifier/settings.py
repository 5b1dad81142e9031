"""What an operator may set for the notifier."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    model_validator,
)
from pydantic_settings import NoDecode

from services.notifier.senders.dingtalk import DingtalkAccount
from services.notifier.senders.wecom import WecomAccount
from shared.contracts import Lane
from shared.runtime import ServiceSettings, for_service
from shared.runtime.settings import names

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$")]


def read_robots(value: object) -> object:
    """What a variable holds of them; an error repeats nothing of it, since keys stand there."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be JSON, such as {"jinyuan": {"wecom": "the key"}}') from None


class Robot(BaseModel):
    """A group chat's robot: the `key` of its address in WeCom, or the `access_token` of its address
    in DingTalk, with the `secret` of its signature or a `keyword` where it asks for one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    wecom: SecretStr | None = Field(None, min_length=1)
    dingtalk: SecretStr | None = Field(None, min_length=1)
    secret: SecretStr | None = Field(None, min_length=1)
    keyword: str | None = Field(None, min_length=1, max_length=50)

    @model_validator(mode="after")
    def _is_of_one_tool(self) -> Self:
        if (self.wecom is None) == (self.dingtalk is None):
            raise ValueError("a robot has either `wecom` (its key) or `dingtalk` (its token)")
        if self.wecom is not None and (self.secret or self.keyword):
            raise ValueError("`secret` and `keyword` are DingTalk's: leave them out for WeCom")
        return self


class NotifierSettings(ServiceSettings):
    """Read from HOTLINE_NOTIFIER_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("notifier")

    port: int = Field(8003, ge=0, le=65535)
    smtp_host: str | None = Field(
        None,
        description="The mail server for staff; without one only webhooks and chat tools reach "
        "them.",
    )
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool | None = Field(
        None,
        description="true: refuse a server without it; false: never; unset: where the server "
        "offers it, and always before signing in.",
    )
    smtp_from: str = Field(
        "hotline@localhost", description="The sender's address.", pattern=r"^[^@\s]+@[^@\s]+$"
    )
    smtp_timeout: timedelta = Field(
        timedelta(seconds=20), description="For one routine mail as a whole."
    )
    smtp_timeout_urgent: timedelta = Field(
        timedelta(seconds=5), description="For one urgent mail as a whole."
    )
    webhook_timeout: timedelta = Field(
        timedelta(seconds=10),
        description="For one routine webhook or message to a chat tool as a whole.",
    )
    webhook_timeout_urgent: timedelta = Field(
        timedelta(seconds=5), description="The same for an urgent one."
    )
    webhook_plain_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(names)] = Field(
        frozenset(),
        description="Hosts, or host:port, whose webhooks may be reached by http and within a "
        "private network; all others by https only.",
    )
    webhook_private_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(names)] = Field(
        frozenset(),
        description="Hosts, or host:port, whose webhooks may be reached by https within a private "
        "network; all others at public addresses only.",
    )
    wecom_url: HttpUrl = Field(
        "https://qyapi.weixin.qq.com", description="Where WeCom's interfaces are."
    )
    wecom_corp_id: str | None = Field(
        None, description="The company in WeCom; set it with the agent id and the secret."
    )
    wecom_agent_id: PositiveInt | None = Field(
        None, description="The application in whose name people get messages."
    )
    wecom_secret: SecretStr | None = Field(None, description="The application's secret.")
    dingtalk_url: HttpUrl = Field(
        "https://oapi.dingtalk.com", description="Where DingTalk's interfaces are."
    )
    dingtalk_app_key: str | None = Field(
        None, description="The application in DingTalk; set it with the agent id and the secret."
    )
    dingtalk_agent_id: PositiveInt | None = Field(
        None, description="The application's agent id, under which people get work notices."
    )
    dingtalk_app_secret: SecretStr | None = Field(None, description="The application's secret.")
    robots: Annotated[dict[str, Robot], NoDecode, BeforeValidator(read_robots)] = Field(
        {},
        description="JSON: the robot of each group chat, by estate (jinyuan) or duty list "
        "(jinyuan/security).",
    )
    replicas: PositiveInt = Field(
        1,
        le=5,
        description="How many notifiers run side by side: each keeps its share of what WeCom and "
        "DingTalk take in a minute.",
    )
    sending_limit: timedelta = Field(
        timedelta(seconds=30),
        description="Older than this, a routine message that is being sent counts as unknown.",
    )
    sending_limit_urgent: timedelta = Field(
        timedelta(seconds=8),
        description="Older than this, an urgent message that is being sent is sent again.",
    )
    receipt_url: str = Field(
        "http://127.0.0.1:8003",
        description="Where providers reach this service, to say that a message has arrived.",
    )
    digest_after: timedelta = Field(
        timedelta(seconds=20),
        description="A digest goes out when nothing more came for it so long.",
        gt=timedelta(0),
    )
    at_once: PositiveInt = Field(20, description="Routine messages handed over at the same time.")
    at_once_urgent: PositiveInt = Field(40, description="The same for urgent ones, on top.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for lane, limit in self.limits.items():
            if limit <= max(self.timeouts[lane], self.webhook_timeouts[lane]):
                raise ValueError(f"the {lane} sending limit must be longer than the timeouts")
        return self

    @model_validator(mode="after")
    def _has_whole_accounts(self) -> Self:
        wecom = (self.wecom_corp_id, self.wecom_agent_id, self.wecom_secret)
        dingtalk = (self.dingtalk_app_key, self.dingtalk_agent_id, self.dingtalk_app_secret)
        for together, values in (
            ("WECOM_CORP_ID, _AGENT_ID and _SECRET", wecom),
            ("DINGTALK_APP_KEY, _AGENT_ID and _APP_SECRET", dingtalk),
        ):
            if any(values) and not all(values):
                raise ValueError(f"HOTLINE_NOTIFIER_{together} belong together: set all or none")
        return self

    @property
    def wecom(self) -> WecomAccount | None:
        """The application in WeCom, where one is set."""
        corp_id, agent_id, secret = self.wecom_corp_id, self.wecom_agent_id, self.wecom_secret
        if not (corp_id and agent_id and secret):
            return None
        return WecomAccount(
            url=self.wecom_url,
            corp_id=corp_id,
            agent_id=agent_id,
            secret=secret.get_secret_value(),
        )

    @property
    def dingtalk(self) -> DingtalkAccount | None:
        """The application in DingTalk, where one is set."""
        key, agent_id, secret = (
            self.dingtalk_app_key,
            self.dingtalk_agent_id,
            self.dingtalk_app_secret,
        )
        if not (key and agent_id and secret):
            return None
        return DingtalkAccount(
            url=self.dingtalk_url,
            app_key=key,
            agent_id=agent_id,
            secret=secret.get_secret_value(),
        )

    @property
    def starttls(self) -> bool | None:
        """Whether to encrypt; a password never goes out in clear unless an operator says so."""
        return True if self.smtp_starttls is None and self.smtp_username else self.smtp_starttls

    @property
    def limits(self) -> dict[Lane, timedelta]:
        """When an attempt counts as dead, by lane."""
        return {"routine": self.sending_limit, "urgent": self.sending_limit_urgent}

    @property
    def timeouts(self) -> dict[Lane, timedelta]:
        """How long one mail may take, by lane."""
        return {"routine": self.smtp_timeout, "urgent": self.smtp_timeout_urgent}

    @property
    def webhook_timeouts(self) -> dict[Lane, timedelta]:
        """How long one webhook may take, by lane."""
        return {"routine": self.webhook_timeout, "urgent": self.webhook_timeout_urgent}

    @property
    def workers(self) -> dict[Lane, int]:
        """How many messages are handed over at the same time, by lane."""
        return {"routine": self.at_once, "urgent": self.at_once_urgent}
