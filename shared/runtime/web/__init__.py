"""Pages for people without an account: no script, nothing personal, both languages."""

from shared.runtime.web.languages import LANGUAGES, Chosen, choose_language, words
from shared.runtime.web.pages import STYLE_PATH, Paper, build_style

__all__ = [
    "LANGUAGES", "STYLE_PATH", "Chosen", "Paper", "build_style", "choose_language", "words",
]  # fmt: skip
