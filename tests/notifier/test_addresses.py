"""Where webhooks may lead."""

from __future__ import annotations

import pytest

from services.notifier.senders.addresses import Addresses, MayNot, is_public


@pytest.mark.parametrize(
    "number",
    ["127.0.0.1", "10.0.0.7", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "0.0.0.0", "224.0.0.1", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.7", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
     "::7f00:1", "64:ff9b:1::7f00:1", "::ffff:224.0.0.1", "fec0::1", "2001:0:7f00:1::"],
)  # fmt: skip
def test_what_lies_within_is_not_public(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize(
    "number", ["8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_lies_out_in_the_world_is(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://127.0.0.1/hook", "private_address"),
        ("https://localhost:8001/v1", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://2130706433/", "private_address"),  # 127.0.0.1 as one number
        ("https://0x7f.1/", "private_address"),
        ("http://8.8.8.8/", "address"),
        ("http://127.0.0.1:8001/v1", "address"),
        ("ftp://8.8.8.8/", "address"),
        ("https://" + "a" * 70 + ".example/", "address"),
    ],
)
async def test_an_unnamed_host_is_reached_by_https_and_in_public(address: str, code: str) -> None:
    with pytest.raises(MayNot) as refused:
        await Addresses((), ()).resolve(address)

    assert refused.value.code == code


async def test_what_the_operator_names_may_lie_within() -> None:
    addresses = Addresses(["127.0.0.1:9000"], ["localhost"])

    url, host = await addresses.resolve("http://127.0.0.1:9000/hook?key=1")
    assert (str(url), host) == ("http://127.0.0.1:9000/hook?key=1", "127.0.0.1")
    url, host = await addresses.resolve("https://localhost/hook")
    assert (url.host in {"127.0.0.1", "::1"}, url.port, host) == (True, None, "localhost")

    for other in ("http://127.0.0.1:9001/", "http://localhost/", "https://127.0.0.1:9001/"):
        with pytest.raises(MayNot):
            await addresses.resolve(other)
