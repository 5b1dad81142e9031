"""Who is there at a fake exchange, as its events say, and its answers to who asks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.telephony.exchange.translate_blocks import Block

_OF_CHANNEL: Final = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
    "Application",
    "ApplicationData",
)
_OF_MEMBER: Final = (
    "Queue",
    "Membership",
    "Penalty",
    "CallsTaken",
    "LastCall",
    "LastPause",
    "LoginTime",
    "InCall",
    "Status",
    "Paused",
    "PausedReason",
    "Wrapuptime",
)
_MEMBER_EVENTS: Final = {"QueueMemberAdded", "QueueMemberStatus", "QueueMemberPause"}


@dataclass(frozen=True, slots=True)
class Listed:
    """An answer that is a list: its items are events, and so is its end."""

    message: str
    end: str
    items: tuple[Block, ...]


@dataclass(slots=True)
class State:
    """The channels in being, the bridges, and who is in the queues."""

    _channels: dict[str, Block] = field(default_factory=dict)
    _begun: dict[str, datetime] = field(default_factory=dict)
    _members: dict[tuple[str, str], Block] = field(default_factory=dict)
    _entries: dict[str, Block] = field(default_factory=dict)
    _joined: dict[str, datetime] = field(default_factory=dict)

    def clear(self) -> None:
        """As after a boot."""
        for each in (self._channels, self._begun, self._members, self._entries, self._joined):
            each.clear()

    def take(self, block: Block, at: datetime) -> None:
        """What an event changes."""
        event, id = block.get("Event", ""), block.get("Uniqueid", "")
        if event == "Hangup":
            self._channels.pop(id, None)
            self._entries.pop(id, None)
        elif "Channel" in block and (event == "Newchannel" or id in self._channels):
            self._begun.setdefault(id, at)
            said: Block = {name: block[name] for name in _OF_CHANNEL if name in block}
            self._channels[id] = {**self._channels.get(id, {"BridgeId": ""}), **said}
        if event == "BridgeEnter" and id in self._channels:
            self._channels[id]["BridgeId"] = block.get("BridgeUniqueid", "")
        elif event == "BridgeLeave" and id in self._channels:
            self._channels[id]["BridgeId"] = ""
        elif event == "QueueCallerJoin":
            self._entries[id], self._joined[id] = block, at
        elif event == "QueueCallerLeave":
            self._entries.pop(id, None)
        elif event in _MEMBER_EVENTS:
            self._members[block.get("Queue", ""), block.get("Interface", "")] = block
        elif event == "QueueMemberRemoved":
            self._members.pop((block.get("Queue", ""), block.get("Interface", "")), None)

    def become(self, listed: Iterable[Block], at: datetime) -> None:
        """As a listener found it: what it lists is all that there is."""
        found = list(listed)
        kinds = {block["Event"] for block in found}
        if "CoreShowChannelsComplete" in kinds:
            shown = [each for each in found if each["Event"] == "CoreShowChannel"]
            self._channels = {each["Uniqueid"]: _bare(each) for each in shown}
            self._begun = {each["Uniqueid"]: at - _lasting(each) for each in shown}
        if "QueueStatusComplete" in kinds:
            members = [each for each in found if each["Event"] == "QueueMember"]
            self._members = {(each["Queue"], each["Location"]): _member(each) for each in members}
            entries = [each for each in found if each["Event"] == "QueueEntry"]
            self._entries = {each["Uniqueid"]: _bare(each) for each in entries}
            waits = {each["Uniqueid"]: timedelta(seconds=int(each["Wait"])) for each in entries}
            self._joined = {id: at - wait for id, wait in waits.items()}

    def answer(self, action: str, now: datetime) -> Listed | None:
        """The answer to what is asked as a list; None for what is not."""
        ask = _LISTS.get(action)
        return None if ask is None else ask(self, now)

    def channels(self, now: datetime) -> Listed:
        """`CoreShowChannels`."""
        items = (
            {"Event": "CoreShowChannel", **channel, "Duration": _clock(now - self._begun[id])}
            for id, channel in self._channels.items()
        )
        return Listed("Channels will follow", "CoreShowChannelsComplete", tuple(items))

    def queues(self, now: datetime) -> Listed:
        """`QueueStatus`."""
        return Listed("Queue status will follow", "QueueStatusComplete", (*self._queues(now),))

    def bridges(self, _now: datetime) -> Listed:
        """`BridgeList`."""
        inside: dict[str, int] = {}
        for channel in self._channels.values():
            if channel["BridgeId"]:
                inside[channel["BridgeId"]] = inside.get(channel["BridgeId"], 0) + 1
        items = (
            {
                "Event": "BridgeListItem",
                "BridgeUniqueid": id,
                "BridgeType": "basic",
                "BridgeTechnology": "simple_bridge",
                "BridgeCreator": "<unknown>",
                "BridgeName": "<unknown>",
                "BridgeNumChannels": str(number),
                "BridgeVideoSourceMode": "none",
            }
            for id, number in inside.items()
        )
        return Listed("Bridge listing will follow", "BridgeListComplete", tuple(items))

    def _queues(self, now: datetime) -> Iterator[Block]:
        names = {queue for queue, _ in self._members}
        names |= {entry.get("Queue", "") for entry in self._entries.values()}
        for queue in sorted(names):
            entries = [each for each in self._entries.items() if each[1].get("Queue") == queue]
            yield {"Event": "QueueParams", "Queue": queue, "Max": "0", "Calls": str(len(entries))}
            for (of, interface), member in self._members.items():
                if of == queue:
                    yield {
                        "Event": "QueueMember",
                        "Queue": queue,
                        "Name": member.get("MemberName", interface),
                        "Location": interface,
                        "StateInterface": member.get("StateInterface", interface),
                        **{name: member[name] for name in _OF_MEMBER if name in member},
                    }
            for position, (id, entry) in enumerate(entries, 1):
                yield {
                    "Event": "QueueEntry",
                    "Queue": queue,
                    "Position": str(position),
                    "Channel": entry.get("Channel", ""),
                    "Uniqueid": id,
                    "CallerIDNum": entry.get("CallerIDNum", ""),
                    "Wait": str(int((now - self._joined[id]).total_seconds())),
                    "Priority": "0",
                }


_LISTS: Final[Mapping[str, Callable[[State, datetime], Listed]]] = {
    "CoreShowChannels": State.channels,
    "QueueStatus": State.queues,
    "BridgeList": State.bridges,
}


def _bare(block: Block) -> Block:
    """Without what only an answer has."""
    left_out = {"Event", "ActionID", "Duration", "Wait", "Position"}
    return {name: value for name, value in block.items() if name not in left_out}


def _member(block: Block) -> Block:
    bare = _bare(block)
    return {**bare, "MemberName": block["Name"], "Interface": block["Location"]}


def _lasting(block: Block) -> timedelta:
    hours, minutes, seconds = (int(each) for each in block["Duration"].split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _clock(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
