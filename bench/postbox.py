"""A mail server in a process of its own that tells at once when an alert has reached it.

A line for each: the time by the machine's monotonic clock, which all processes share, and the cause
that the mail carries. What is no alert it takes and forgets.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import sys
import time

from aiosmtpd.smtp import SMTP, Envelope, Session


class Taking:
    """Takes every mail."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Note the moment when the whole mail is here."""
        at = time.monotonic()
        assert isinstance(envelope.content, bytes)
        cause = str(email.message_from_bytes(envelope.content)["X-Hotline-Cause"])
        if "/emergency/" in cause:
            sys.stdout.write(f"{at} {cause}\n")
            sys.stdout.flush()
        return "250 taken"


async def run(port: int) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Taking()), "127.0.0.1", port)
    async with server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    asyncio.run(run(parser.parse_args().port))


if __name__ == "__main__":
    main()
