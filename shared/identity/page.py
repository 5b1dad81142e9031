"""The page of rights in the docs, made from the table: `python -m shared.identity.page`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from shared.identity.permissions import PERMISSIONS, Permission, Scope
from shared.identity.principal import ROLES

_HEAD: Final = """\
# Rights

Made from the table in `shared/identity/permissions.py` and that of the lifecycle
(`python -m shared.identity.page > docs/rights.md`); a test compares. Whoever has no row for an
action may not do it. An endpoint names the action that its door asks for in its OpenAPI operation
(`x-actions`), and a service with an endpoint without one does not start.
"""
_SCOPES: Final = {
    Scope.WORK: "within the places of whoever asks; a department only what it has work orders of, "
    "a system only what it reported itself",
    Scope.PLACE: "within the places of whoever asks",
    Scope.GROUP: "the group as a whole: only for those whose places are `*`",
    Scope.ANYWHERE: "nothing of any place is shown or changed",
}


def page() -> str:
    """The page in Markdown."""
    lifecycle = [row for row in PERMISSIONS.values() if row.says.startswith("Transition")]
    own = [row for row in PERMISSIONS.values() if row not in lifecycle]
    return "\n".join(
        (
            _HEAD,
            *(f"- *{scope}*: {meaning}" for scope, meaning in _SCOPES.items()),
            *_table("What is done to tickets and work orders", lifecycle),
            *_table("Everything else", own),
            "",
        )
    )


def _table(title: str, rows: Iterable[Permission]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "| action | what | scope | roles |", "|---|---|---|---|")
    for row in rows:
        roles = ", ".join(role for role in ROLES if role in row.roles)
        yield f"| `{row.action}` | {row.says} | {row.scope} | {roles} |"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is what this prints
