"""The robots of group chats: each chat is that of a duty list or of an estate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.notifier.group_chats import chat_of, is_group_chat
from services.notifier.messages import Handover
from services.notifier.senders.chat import ChatSender
from services.notifier.senders.letter import Letter, ProviderReply

CHANNEL: Final = "robot"


class Robots:
    """By the group chat whose robot it is: of an estate (`jinyuan`) or a list (`jinyuan/security`).

    A letter to a person is not handed over, whoever asks for it: everybody in the chat reads it.
    """

    channel: Final = CHANNEL

    def __init__(self, robots: Mapping[str, ChatSender]) -> None:
        self._robots = robots

    @property
    def is_open(self) -> bool:
        """Whether there is any."""
        return bool(self._robots)

    @property
    def group_chats(self) -> tuple[str, ...]:
        """The group chats that have one."""
        return tuple(self._robots)

    @property
    def faults(self) -> Mapping[str, str]:
        """The fault that each met last, by its name."""
        return {
            name: code for robot in self._robots.values() for name, code in robot.faults.items()
        }

    async def send(self, letter: Letter) -> ProviderReply:
        """Hand the letter to the robot of its group chat."""
        robot = self._robots.get(chat_of(letter.address)) if is_group_chat(letter.address) else None
        if robot is None:
            return ProviderReply(Handover.NO_CHANNEL)
        return await robot.send(letter)

    async def aclose(self) -> None:
        """Close what was kept open."""
        for robot in self._robots.values():
            await robot.aclose()
