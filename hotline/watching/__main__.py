"""Write the boards for Grafana into the checkout: `python -m hotline.watching`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hotline.watching.board import BOARDS
from hotline.watching.grafana import dashboard

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"


def made() -> Iterator[tuple[Path, str]]:
    """Every file, and what stands in it."""
    for name in BOARDS:
        yield FOLDER / f"{name}.json", dashboard(name)


def main() -> None:
    """Write them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in made():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
