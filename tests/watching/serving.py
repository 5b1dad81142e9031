"""Debian's Prometheus over blocks that were drawn."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from hotline.embedded.ports import free_ports
from tests.watching.rulebook import program

START_SECONDS: Final = 60.0


def backfilled(text: str, folder: Path) -> Path:
    """A folder of Prometheus' with these samples (OpenMetrics)."""
    source, blocks = folder / "week.txt", folder / "tsdb"
    source.write_text(text, encoding="utf-8")
    # One block: each would be made by reading all of the text once more.
    how = ["tsdb", "create-blocks-from", "--max-block-duration=240h", "openmetrics"]
    subprocess.run(
        [program("promtool"), *how, str(source), str(blocks)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    source.unlink()
    return blocks


@contextmanager
def serving(blocks: Path) -> Iterator[str]:
    """Its address, while the block lasts; it scrapes nothing."""
    config = blocks.parent / "prometheus.yml"
    config.write_text("scrape_configs: []\n", encoding="utf-8")
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    with (blocks.parent / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={blocks}",
                "--storage.tsdb.retention.time=10y",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(address, process)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "Prometheus has ended"
        try:
            if httpx.get(f"{address}/-/ready", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("Prometheus does not get ready")
