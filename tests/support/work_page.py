"""The work page as somebody without JavaScript uses it: each form with what it carries."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

import httpx

_FORM: Final = re.compile(r'<form method="post"[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_NAME: Final = re.compile(r' name="([^"]+)"')
_HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def forms_of(page: str) -> dict[str, dict[str, str]]:
    """The forms of a page by their act, with their hidden fields."""
    return {
        action.partition("?")[0].rpartition("/")[2]: dict(_HIDDEN.findall(inside))
        for action, inside in _FORM.findall(page)
    }


def fields_of(page: str) -> dict[str, list[str]]:
    """The fields of each form of a page, by its act."""
    return {
        action.partition("?")[0].rpartition("/")[2]: sorted({*_NAME.findall(inside)})
        for action, inside in _FORM.findall(page)
    }


def next_of(page: str) -> str | None:
    """The act of the large button."""
    found = re.search(r'class="bar".*?action="[^"?]*/(\w+)\?', page, re.DOTALL)
    return found.group(1) if found else None


async def press(http: httpx.AsyncClient, address: str, act: str, **typed: str) -> httpx.Response:
    """Load the page, fill in a form and send it; what cannot be taken back is confirmed."""
    page = await http.get(address)
    forms = forms_of(page.text)
    assert act in forms, f"{act} is not on the page: {sorted(forms)}"
    sent = await http.post(f"{address}/{act}", data={**forms[act], **typed})
    if urlsplit(sent.headers.get("location", "")).path.endswith(f"/{act}"):  # its question
        sent = await http.get(sent.headers["location"])
    asked = forms_of(sent.text).get(act, {})
    if sent.status_code == 200 and asked.get("sure") == "yes":
        return await http.post(f"{address}/{act}", data=asked)
    return sent
