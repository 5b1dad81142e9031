"""Run the survey: read settings, serve, stop cleanly."""

from __future__ import annotations

from services.survey.app import build
from services.survey.settings import SurveySettings
from shared.runtime import run_service

if __name__ == "__main__":
    run_service("survey", SurveySettings, build)
