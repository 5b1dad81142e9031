"""What every service stands on: settings, platform, HTTP, running and stopping."""

from shared.runtime.authentication import Actor, Bearing, Source, principal, source_of
from shared.runtime.endpoint_rights import decides, may, may_do, open_to_all
from shared.runtime.http import build_bare_app, build_metrics
from shared.runtime.platform import Platform, open_platform
from shared.runtime.routes import Body, NoStore, NoteBody, Routes, WordsRoute
from shared.runtime.serve import Parts, build_service, run_service
from shared.runtime.settings import ProcessSettings, ServiceSettings, for_service

__all__ = [
    "Actor",
    "Bearing",
    "Body",
    "NoStore",
    "NoteBody",
    "Parts",
    "Platform",
    "ProcessSettings",
    "Routes",
    "ServiceSettings",
    "Source",
    "WordsRoute",
    "build_bare_app",
    "build_metrics",
    "build_service",
    "decides",
    "for_service",
    "may",
    "may_do",
    "open_platform",
    "open_to_all",
    "principal",
    "run_service",
    "source_of",
]
