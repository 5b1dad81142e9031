"""Pages for people without an account: nothing personal, both languages, no script needed."""

from shared.runtime.web.pages import (
    LANGUAGES,
    STYLE_PATH,
    Chosen,
    Paper,
    build_script,
    build_style,
    choose_language,
    in_path,
    words,
)

__all__ = [
    "LANGUAGES",
    "STYLE_PATH",
    "Chosen",
    "Paper",
    "build_script",
    "build_style",
    "choose_language",
    "in_path",
    "words",
]
