"""What was taken back, as one process knows it, and what it does when it cannot know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from shared.identity import InvalidToken, Principal, issue_token
from shared.identity.api_keys import digest_of, new_key
from shared.identity.tokens import SessionMark, Signed, read_token
from shared.readers.credentials import BELIEVED_SECONDS, Credentials, CredentialsAway
from shared.store import Store
from shared.store.clock import forward_trial

SECRET = b"s" * 32
CHEN = Principal("chen.jie", "agent")


@dataclass
class Watch:
    """A clock that moves when it is told to."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def credentials(store: Store, watch: Watch) -> Credentials:
    made = Credentials(store, SECRET, monotonic=watch)
    await made.refresh()
    return made


def signed(store: Store, session: SessionMark | None) -> Signed:
    now = store.clock.now()
    return read_token(issue_token(CHEN, SECRET, now=now, session=session), SECRET, now=now)


def is_believed(check: Callable[[], Any]) -> bool:
    try:
        check()
    except InvalidToken:
        return False
    return True


async def end(store: Store, collection: str, id: str, **fields: Any) -> None:
    await store.documents(collection).insert_one({"_id": id, **fields})


async def test_an_ended_session_is_not_believed_and_its_neighbour_is(
    store: Store, credentials: Credentials
) -> None:
    ended, other = (signed(store, SessionMark(id, 1)) for id in ("s-1", "s-2"))
    assert is_believed(lambda: credentials.judge(ended))

    await end(store, "sessions", "s-1", ended_at=store.clock.now())
    await credentials.refresh()

    assert not is_believed(lambda: credentials.judge(ended))
    assert is_believed(lambda: credentials.judge(other))


async def test_all_sessions_of_an_earlier_edition_are_not_believed(
    store: Store, credentials: Credentials
) -> None:
    before, after = (signed(store, SessionMark("s", edition)) for edition in (1, 2))

    await end(store, "accounts", CHEN.id, edition=2, signed_out_at=store.clock.now())
    await credentials.refresh()

    assert not is_believed(lambda: credentials.judge(before))
    assert is_believed(lambda: credentials.judge(after))


async def test_what_was_taken_back_is_remembered_longer_than_any_of_its_tokens(
    store: Store, credentials: Credentials
) -> None:
    old = signed(store, SessionMark("s-1", 1))
    await end(store, "sessions", "s-1", ended_at=store.clock.now())

    await forward_trial(store._database, timedelta(minutes=11))
    await store.clock.refresh()
    await credentials.refresh()
    assert not is_believed(lambda: credentials.judge(old))
    await forward_trial(store._database, timedelta(minutes=2))
    await store.clock.refresh()
    await credentials.refresh()

    assert is_believed(lambda: credentials.judge(old)), "its tokens have expired long ago"


async def test_a_token_without_a_session_lasts_until_it_ends(
    store: Store, credentials: Credentials, watch: Watch
) -> None:
    await end(store, "accounts", CHEN.id, edition=9, signed_out_at=store.clock.now())
    await credentials.refresh()
    watch.seconds += 100

    assert is_believed(lambda: credentials.judge(signed(store, None)))


async def test_nobody_is_believed_by_who_could_not_look_for_three_seconds(
    store: Store, credentials: Credentials, watch: Watch
) -> None:
    token = signed(store, SessionMark("s-1", 1))
    watch.seconds = BELIEVED_SECONDS
    credentials.judge(token)

    watch.seconds = BELIEVED_SECONDS + 0.1
    with pytest.raises(CredentialsAway):
        credentials.judge(token)
    with pytest.raises(CredentialsAway):
        credentials.bearer_of(new_key()[1], now=store.clock.now())
    await credentials.refresh()
    credentials.judge(token)


async def test_whoever_never_looked_believes_nobody(store: Store) -> None:
    with pytest.raises(CredentialsAway):
        Credentials(store, SECRET).judge(signed(store, SessionMark("s-1", 1)))


async def test_what_is_read_counts_from_when_it_was_asked_for(
    store: Store, credentials: Credentials, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that took long is old when it comes."""
    original = Credentials._read

    async def slow(self: Credentials, *asked: Any) -> Any:
        watch.seconds += 1
        return await original(self, *asked)

    monkeypatch.setattr(Credentials, "_read", slow)
    await credentials.refresh()
    watch.seconds = BELIEVED_SECONDS + 0.5

    with pytest.raises(CredentialsAway):
        credentials.judge(signed(store, SessionMark("s-1", 1)))


ENDS: Final[dict[str, dict[str, Any]]] = {
    "revoked": {"revoked_at": "now"},
    "held": {"held": True},
    "expired": {"expires_at": "now"},
}


async def add_key(store: Store, id: str, shown: str, **more: Any) -> None:
    """A key of the app's at jinyuan, that counts unless said otherwise."""
    now = store.clock.now()
    facts = {
        "publisher": "app", "places": ["jinyuan"], "actions": ["ticket.register"], "held": False,
        "revoked_at": None, "expires_at": now + timedelta(days=1),
        "digests": [{"digest": digest_of(shown, SECRET), "until": None}],
    } | {key: now if value == "now" else value for key, value in more.items()}  # fmt: skip
    await end(store, "api_keys", id, **facts)


@pytest.mark.parametrize("how", ["not", *ENDS])
async def test_a_key_counts_until_it_is_taken_back_held_or_over(
    store: Store, credentials: Credentials, how: str
) -> None:
    id, shown = new_key()
    await add_key(store, id, shown, **ENDS.get(how, {}))
    await credentials.refresh()

    counts = how == "not"
    assert is_believed(lambda: credentials.bearer_of(shown, now=store.clock.now())) is counts
    assert credentials.places_of("app") == (frozenset({"jinyuan"}) if counts else frozenset())


@pytest.mark.parametrize("how", ENDS)
async def test_a_publisher_whose_keys_have_all_ended_reaches_nowhere(
    store: Store, credentials: Credentials, how: str
) -> None:
    assert credentials.reach_of("app") == frozenset({"*"}), "it never had a key"
    await add_key(store, *new_key(), **ENDS[how])
    await credentials.refresh()

    assert credentials.reach_of("app") == frozenset()
    assert credentials.reach_of("lift-watch") == frozenset({"*"}), "nor has this one"


async def test_a_publisher_reaches_as_far_as_those_of_its_keys_that_count(
    store: Store, credentials: Credentials
) -> None:
    await add_key(store, *new_key())
    await add_key(store, *new_key(), places=["binjiang"])
    await add_key(store, *new_key(), places=["*"], revoked_at="now")
    await credentials.refresh()

    assert credentials.reach_of("app") == frozenset({"jinyuan", "binjiang"})
