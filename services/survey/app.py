"""The one place where the survey's objects are built and joined."""

from __future__ import annotations

from fastapi import FastAPI

from services.survey.api import build_api
from services.survey.body_limit import BodyLimit
from services.survey.handlers import add_handlers
from services.survey.pages import build_pages
from services.survey.settings import SurveySettings
from services.survey.storage import INDEXES, Surveys
from services.survey.surveying import Surveying
from shared.runtime import Parts, build_service, open_platform


async def build(settings: SurveySettings) -> FastAPI:
    """The survey, ready to be served."""
    platform = await open_platform("survey", settings, indexes=INDEXES)
    surveys = Surveys(platform.store)
    surveying = Surveying(
        surveys,
        platform.tickets,
        platform.sealer,
        platform.store.clock,
        lambda: platform.policy,
        secret=platform.keys.index,
    )
    add_handlers(platform.consumers, surveying)
    routers = [build_pages(platform, surveying), build_api(surveying, surveys)]
    parts = Parts(routers, loops=(), parked=platform.parked_relay())
    app = build_service(platform, parts, title="Estateline survey")
    app.add_middleware(BodyLimit)
    return app
