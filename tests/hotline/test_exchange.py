"""``hotline exchange read`` prints the calls of a recording, and no number."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Final

import pytest

from hotline.service import ServiceSpec
from hotline.supervisor import _environment_of
from tests.calls.recordings import DATA, callers, document
from tests.support.command import invoked, started

DOCUMENT: Final = str(DATA / "exchange.yaml")
FIELDS: Final = [
    "offered_at",
    "outcome",
    "wait_s",
    "talk_s",
    "agent",
    "agents",
    "transfers",
    "line",
    "incomplete",
]


def test_each_call_is_one_line_and_no_number_is_in_it() -> None:
    file = DATA / "numbers" / "events.ami.gz"
    ended = started(["exchange", "read", str(file), "--exchange", DOCUMENT], {})
    lines = [json.loads(line) for line in ended.stdout.splitlines()]

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(lines) == len(callers("numbers")) == 31
    assert all([*line] == FIELDS for line in lines)
    assert re.search(r"\d{11}", re.sub(r'"offered_at": "[^"]+"', "", ended.stdout)) is None


def test_what_went_unheard_is_said_beside_the_calls() -> None:
    file = DATA / "restart" / "events.ami.gz"
    ended = invoked(["exchange", "read", str(file), "--exchange", DOCUMENT], {})

    assert ended.returncode == 0
    assert len(ended.stdout.splitlines()) == 11
    assert ended.stderr.count("unheard (restart)") == 2
    assert "3 calls were heard, but not from their beginning" in ended.stderr


def test_what_the_document_does_not_name_is_said(tmp_path: Path) -> None:
    less = document().model_dump(mode="json")
    del less["lines"]["hotline"]
    named = tmp_path / "exchange.json"
    named.write_text(json.dumps(less), "utf-8")
    file = tmp_path / "events.ami"
    file.write_bytes(gzip.decompress((DATA / "smoke" / "events.ami.gz").read_bytes()))
    ended = invoked(["exchange", "read", str(file), "--exchange", str(named)], {})

    assert [json.loads(line)["line"] for line in ended.stdout.splitlines()] == ["unknown", "urgent"]
    assert "1 calls to a number that the document does not name" in ended.stderr


@pytest.mark.parametrize(
    ("file", "described", "named"),
    [
        ("no-such-file", DOCUMENT, "No such file"),
        (DOCUMENT, DOCUMENT, "no event"),
        (str(DATA / "smoke" / "events.ami.gz"), "no-such-file", "No such file"),
        (str(DATA / "smoke" / "events.ami.gz"), str(DATA / "smoke" / "truth.jsonl"), "no YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_one_line(
    file: str, described: str, named: str
) -> None:
    ended = invoked(["exchange", "read", file, "--exchange", described], {})

    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_an_adapter_that_is_told_nothing_names_what_it_has_to_be_told(tmp_path: Path) -> None:
    settings = {"HOTLINE_DATA": str(tmp_path), "HOTLINE_EXCHANGE_PORT": "0"}
    ended = started(["serve", "exchange", "main"], settings)

    assert ended.returncode == 2
    assert "HOTLINE_EXCHANGE_DOCUMENT: Field required" in ended.stderr
    assert "HOTLINE_EXCHANGE_AMQP_URL: Field required" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_adapter_learns_neither_the_store_nor_the_operators_broker_user() -> None:
    known = {
        "HOTLINE_AMQP_URL": "amqp://operator",
        "HOTLINE_MONGO_URL": "mongodb://x",
        "HOTLINE_MANAGEMENT_URL": "http://x",
        "HOTLINE_HOST": "127.0.0.1",
    }
    own = {"HOTLINE_EXCHANGE_AMQP_URL": "amqp://demo"}
    told = _environment_of(ServiceSpec.of_drawn_day(0), known, own)

    assert told == {"HOTLINE_HOST": "127.0.0.1", **own}
    assert _environment_of(ServiceSpec.of("intake", 0), known, own) == known
