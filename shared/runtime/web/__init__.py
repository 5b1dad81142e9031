"""Pages for people without an account: no script, nothing personal, both languages."""

from shared.runtime.web.pages import (
    LANGUAGES,
    STYLE_PATH,
    Chosen,
    Paper,
    build_style,
    choose_language,
    words,
)

__all__ = [
    "LANGUAGES", "STYLE_PATH", "Chosen", "Paper", "build_style", "choose_language", "words",
]  # fmt: skip
