"""A key service is handed to the driver as the operator set it; the local key stays the default."""

from __future__ import annotations

import json

import pytest

from shared.privacy import Keys
from shared.runtime import ServiceSettings

KEYS = Keys(b"m" * 96, b"i" * 32, b"t" * 32, b"l" * 32)
AWS = {"aws": {"accessKeyId": "id", "secretAccessKey": "very-secret"}}
MASTER_KEY = {"region": "cn-north-1", "key": "arn:aws-cn:kms:cn-north-1:key"}


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> ServiceSettings:
    monkeypatch.setenv("HOTLINE_AMQP_URL", "amqp://localhost")
    monkeypatch.setenv("HOTLINE_MONGO_URL", "mongodb://localhost")
    for name, value in variables.items():
        monkeypatch.setenv(f"HOTLINE_KMS_{name}", value)
    return ServiceSettings()


def test_without_any_the_local_master_key_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    key_wrap = settings(monkeypatch).key_wrap(KEYS)

    assert (key_wrap.provider, key_wrap.master_key) == ("local", None)
    assert key_wrap.providers == {"local": {"key": KEYS.master}}


def test_a_key_service_wraps_and_the_local_key_still_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = settings(
        monkeypatch, PROVIDER="aws", PROVIDERS=json.dumps(AWS), MASTER_KEY=json.dumps(MASTER_KEY)
    )

    key_wrap = found.key_wrap(KEYS)

    assert (key_wrap.provider, key_wrap.master_key) == ("aws", MASTER_KEY)
    assert key_wrap.providers == {"local": {"key": KEYS.master}, **AWS}
    assert "very-secret" not in f"{found!r} {key_wrap!r}"


@pytest.mark.parametrize(
    "variables",
    [
        {"PROVIDER": "aws"},
        {"PROVIDER": "aws", "PROVIDERS": "{"},
        {"PROVIDER": "aws", "PROVIDERS": "[]"},
        {"PROVIDER": "gcp", "PROVIDERS": json.dumps(AWS)},
        {"PROVIDER": "aws", "PROVIDERS": json.dumps(AWS), "MASTER_KEY": "[1]"},
    ],
)
def test_a_bad_setting_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"KMS|kms"):
        settings(monkeypatch, **variables)
