"""The one place where the survey's objects are built and joined."""

from __future__ import annotations

from typing import Final

from fastapi import FastAPI

from services.survey.api import build_api
from services.survey.handlers import add_handlers
from services.survey.pages import ROOT, build_pages
from services.survey.settings import SurveySettings
from services.survey.storage import SURVEYS
from services.survey.surveys import Surveying
from services.survey.untaken import untaken_surveys
from shared.readers.changes import CHANGE_INDEXES
from shared.runtime import Parts, build_service, open_platform
from shared.runtime.web import build_style

LARGEST_BODY: Final = 32 * 1024
"""The longest comment is 500 characters: 6,000 bytes as a form encodes the longest of them."""


KEEPS: Final = (SURVEYS,)
INDEXES: Final = {"tickets": CHANGE_INDEXES}


async def build(settings: SurveySettings) -> FastAPI:
    """The survey, ready to be served."""
    platform = await open_platform(
        "survey", settings, keeps=KEEPS, indexes=INDEXES, classifies=True
    )
    surveying = Surveying(platform)
    add_handlers(platform.consumers, surveying)
    routers = [
        build_style(ROOT),
        build_pages(platform, surveying),
        build_api(platform.store, surveying),
    ]
    parts = Parts(
        routers,
        loops=(),
        parked=platform.parked_relay(),
        untaken=(untaken_surveys(platform, surveying),),
        largest_body=LARGEST_BODY,
    )
    return build_service(platform, parts, title="Estateline survey")
