"""How somebody wants their own pages: kept with their account, bounded, and nothing of anybody
else. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote_plus

from shared.contracts.errors import Fault, MalformedMessage
from shared.policy.templates import Language
from shared.privacy import scrub

MOST_VIEWS: Final = 20
LONGEST_VIEW_NAME: Final = 40
LONGEST_QUERY: Final = 500
Theme = Literal["light", "dark", "contrast"]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list that somebody looks at again: its name, and what stands in its address."""

    name: str
    query: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """None of `language` and `theme` means as the browser has it. With `single_keys` one key alone
    does something, which is not for everybody.
    """

    language: Language | None = None
    theme: Theme | None = None
    sound: bool = True
    single_keys: bool = True
    saved_views: tuple[SavedView, ...] = ()


USUAL: Final = Settings()


def take_views(views: Iterable[SavedView]) -> tuple[SavedView, ...]:
    """The views as they may be kept: each name once, and no person in any of them.

    Raises MalformedMessage naming the entry; what stands there is never repeated.
    """
    taken = tuple(views)
    faults = [fault for n, view in enumerate(taken) for fault in _faults(n, view, taken[:n])]
    if faults:
        raise MalformedMessage.naming(faults, of=len(faults))
    return taken


def _faults(n: int, view: SavedView, before: tuple[SavedView, ...]) -> Iterable[Fault]:
    at = f"saved_views.{n}"
    if view.name in {other.name for other in before}:
        yield Fault(f"{at}.name", "is there twice", "give each view a name of its own")
    for field, said in (("name", view.name), ("query", unquote_plus(view.query))):
        if scrub(said) != said:
            yield Fault(
                f"{at}.{field}",
                "holds a name, a number or a flat",
                "keep what you filter by, never whom you look for",
            )
