"""What ``hotline doctor`` says of a chat tool that is not set up right: what is to be done, by the
provider's code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

ADDRESS: Final = (
    "服务商不信任通知服务的公网出口 IP："
    "请填入企业微信应用的“企业可信IP”，或钉钉应用的“服务器出口IP”。\n"
    "the provider does not trust the public address that the notifier goes out from: enter it in "
    "the application's settings, 企业可信IP in WeCom, 服务器出口IP in DingTalk."
)
CREDENTIALS: Final = (
    "企业 ID、AppKey 或密钥不对：请核对 HOTLINE_NOTIFIER_WECOM_* 或 HOTLINE_NOTIFIER_DINGTALK_*。\n"
    "company, key or secret are wrong: compare HOTLINE_NOTIFIER_WECOM_* or "
    "HOTLINE_NOTIFIER_DINGTALK_* with the application's page."
)
AGENT: Final = (
    "AgentId 不对，或该应用无权发消息：请核对应用的 AgentId、可见范围与接口权限。\n"
    "the agent id is not this application's, or it may not send: look at its agent id, whom it is "
    "visible to, and its permissions."
)
GONE: Final = (
    "群机器人已删除、停用或密钥有误：请在群里重新添加，并更新 HOTLINE_NOTIFIER_ROBOTS。\n"
    "the robot was removed or switched off, or its key is wrong: add it to the chat again, and put "
    "its new key into HOTLINE_NOTIFIER_ROBOTS."
)
SAFETY: Final = (
    "机器人的安全设置拒收：请核对 HOTLINE_NOTIFIER_ROBOTS 中的 secret（加签）、keyword（关键词）"
    "或机器人允许的 IP。\n"
    "the robot's safety setting refuses us: compare `secret` (加签) or `keyword` (关键词) in "
    "HOTLINE_NOTIFIER_ROBOTS, or the addresses that it allows."
)
WITHIN: Final = (
    "接口地址不是公网 https 地址：请核对 HOTLINE_NOTIFIER_WECOM_URL、HOTLINE_NOTIFIER_DINGTALK_URL "
    "与 DNS；私有部署请列入 HOTLINE_NOTIFIER_WEBHOOK_PRIVATE_HOSTS。\n"
    "where its interfaces are is no public https address: look at HOTLINE_NOTIFIER_WECOM_URL, "
    "HOTLINE_NOTIFIER_DINGTALK_URL and the DNS; name a private one in "
    "HOTLINE_NOTIFIER_WEBHOOK_PRIVATE_HOSTS."
)
OTHER: Final = (
    "请按错误码查阅服务商文档，并按 docs/runbooks/chat-tools.md 核对设置。\n"
    "look the code up in the provider's documents, and go through docs/runbooks/chat-tools.md."
)
_BY_CODE: Final[Mapping[str, str]] = {
    "60020": ADDRESS,
    **dict.fromkeys(("40001", "40013", "40089", "40096"), CREDENTIALS),
    **dict.fromkeys(("40056", "33012", "48002", "60011", "301002"), AGENT),
    **dict.fromkeys(("93000", "93004", "93008"), GONE),
    **dict.fromkeys(("300001", "400101", "400102", "400106", "400013"), GONE),
    "310000": SAFETY,
    **dict.fromkeys(("address", "private_address"), WITHIN),
}


def fault_words(faults: Mapping[str, str]) -> Iterator[str]:
    """One text for each channel or robot whose provider refuses us: which, and what to do."""
    for channel, code in sorted(faults.items()):
        zh, en = _BY_CODE.get(code, OTHER).split("\n")
        yield (
            f"警告：{channel} 发不出消息（{code}）：{zh}\n"
            f"WARNING: {channel} sends nothing ({code}): {en}"
        )
