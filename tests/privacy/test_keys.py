"""The key file: made once, readable by its owner alone, and never guessed when damaged."""

import base64
import json
import multiprocessing
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.privacy import Keys, load_keys, make_keys
from shared.privacy.keys import save_keys

LENGTHS = {"master": 96, "index": 32, "token": 32, "link": 32}


def made(path: Path) -> dict[str, str]:
    make_keys(path)
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


def test_the_file_is_its_owner_s_alone_and_its_keys_are_random(tmp_path: Path) -> None:
    one, two = tmp_path / "deep" / "one.json", tmp_path / "two.json"

    keys, others = make_keys(one), make_keys(two)

    assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert {name: len(getattr(keys, name)) for name in LENGTHS} == LENGTHS
    assert len({getattr(k, name) for k in (keys, others) for name in LENGTHS}) == 8
    assert list(one.parent.iterdir()) == [one]


def test_keys_that_exist_are_read_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    assert make_keys(path) == make_keys(path) == load_keys(path)


def test_each_purpose_has_a_secret_of_its_own_that_stays(tmp_path: Path) -> None:
    keys, others = make_keys(tmp_path / "one.json"), make_keys(tmp_path / "two.json")

    derived = [k.derived(purpose) for k in (keys, others) for purpose in ("a", "b")]

    assert {len(secret) for secret in derived} == {32}
    assert len({*derived, keys.index, others.index}) == 6
    assert load_keys(tmp_path / "one.json").derived("a") == derived[0]


def _make(path: Path, gate: Any, made_by: Any) -> None:
    gate.wait()
    made_by.put(make_keys(path).master)


def test_two_processes_that_start_at_once_agree_on_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    gate, made_by = context.Barrier(2), context.Queue()
    path = tmp_path / "keys.json"
    processes = [context.Process(target=_make, args=(path, gate, made_by)) for _ in range(2)]
    for process in processes:
        process.start()

    found = {made_by.get(timeout=60) for _ in processes}

    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert found == {load_keys(path).master}
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="hotline up"):
        load_keys(tmp_path / "keys.json")


def encoded(length: int) -> str:
    return base64.b64encode(b"k" * length).decode()


@pytest.mark.parametrize(
    "damage",
    [
        lambda _raw: "",
        lambda raw: json.dumps(raw)[:-9],
        lambda _raw: "[]",
        lambda _raw: "null",
        lambda raw: json.dumps({k: v for k, v in raw.items() if k != "token"}),
        lambda raw: json.dumps(raw | {"token": ""}),
        lambda raw: json.dumps(raw | {"token": encoded(8)}),
        lambda raw: json.dumps(raw | {"master": encoded(95)}),
        lambda raw: json.dumps(raw | {"link": raw["link"][:-3]}),
        lambda raw: json.dumps(raw | {"index": "*" * 44}),
        lambda raw: json.dumps(raw | {"index": 7}),
    ],
    ids=[
        "empty", "cut off", "list", "null", "key missing", "key empty", "key short",
        "master short", "key cut", "no base64", "number",
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage: Any) -> None:
    """An empty secret would let anybody sign tokens."""
    path = tmp_path / "keys.json"
    raw = made(path)
    path.write_text(damage(raw), "utf-8")
    before = path.read_bytes()

    for read in (load_keys, make_keys):
        with pytest.raises(ValueError, match="not a key file") as caught:
            read(path)
        assert all(secret not in str(caught.value) for secret in raw.values())

    assert path.read_bytes() == before


def test_keys_are_never_printed() -> None:
    keys = Keys(b"master-secret", b"index-secret", b"token-secret", b"link-secret")

    assert "secret" not in f"{keys} {keys!r}"


def test_what_is_saved_is_read_again_and_stays_its_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = make_keys(path)
    changed = replace(
        first,
        master=b"n" * 96,
        master_name="local:m2",
        old_masters={"local": first.master},
        lookups={1: first.index, 2: b"l" * 32},
    )

    save_keys(path, changed)

    assert load_keys(path) == changed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    save_keys(path, first)
    assert set(json.loads(path.read_text("utf-8"))) == {*LENGTHS, "audit"}


@pytest.mark.parametrize(
    "more",
    [
        {"old_masters": {"local": encoded(8)}},
        {"old_masters": {"aws": encoded(96)}},
        {"old_masters": 7},
        {"master_name": "../local"},
        {"lookups": {"first": encoded(32)}},
        {"lookups": {"2": encoded(31)}},
    ],
)
def test_damaged_keys_of_a_change_are_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(made(path) | more), "utf-8")

    with pytest.raises(ValueError, match="not a key file"):
        load_keys(path)


def test_a_key_file_of_before_the_audit_had_a_key_is_read_and_stays_as_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "keys.json"
    raw = {name: key for name, key in made(path).items() if name != "audit"}
    path.write_text(json.dumps(raw), "utf-8")

    keys = make_keys(path)

    assert keys.audit == b""
    assert keys.audit_key == keys.derived("audit")
    save_keys(path, keys)
    assert json.loads(path.read_text("utf-8")).keys() == raw.keys()


def test_the_audit_has_a_secret_of_its_own_in_a_new_key_file(tmp_path: Path) -> None:
    keys = make_keys(tmp_path / "keys.json")

    assert keys.audit_key == keys.audit
    assert keys.audit not in {keys.index, keys.token, keys.link, keys.derived("audit")}
