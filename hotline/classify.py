"""``hotline classify``: what the sample policy takes words for, line by line."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hotline.errors import UnusableSettingError
from shared.policy.policy import build_policy, load_documents
from shared.triage.classify import classify

SHOWN = ("type", "area", "department", "urgency", "emergency", "emergency_kind", "confidence")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("classify")(run)


def run(
    policy: Annotated[Path | None, typer.Option("--policy", help="Overlay of the sample.")] = None,
) -> None:
    """Read JSON lines with `text` from standard input, write one classification a line."""
    chosen = build_policy("classify", load_documents(policy))
    # Callers' words are UTF-8 whatever the terminal of this machine believes.
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a real stream here
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # likewise
    for n, line in enumerate(sys.stdin, 1):
        if line.strip():
            found = classify(_text_of(line, n), chosen.taxonomy, chosen.lexicon)
            shown = found.model_dump(include=set(SHOWN))
            typer.echo(json.dumps({key: shown[key] for key in SHOWN}, ensure_ascii=False))


def _text_of(line: str, n: int) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableSettingError(
            f'Line {n} is not a JSON object with "text", such as {{"text": "电梯坏了"}}.'
        ) from error
    if not isinstance(text, str):
        raise UnusableSettingError(f'Line {n}: "text" must be a string.')
    return text
