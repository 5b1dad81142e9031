"""The words people are sent, in Chinese and English, by purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["zh", "en"]


class Words(BaseModel):
    """One message in one language; Jinja2, the fields are listed in `services/notifier`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=4000)


class Templates(BaseModel):
    """Purpose → language → words. Every purpose has both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: Mapping[str, Mapping[Language, Words]]

    def words(self, purpose: str, language: Language) -> Words:
        """The words for a purpose; KeyError for one that the policy does not know."""
        return self.messages[purpose][language]
