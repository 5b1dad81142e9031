"""What every service stands on: settings, platform, HTTP, running and stopping."""

from shared.runtime.asking import Asking, principal
from shared.runtime.platform import Platform, open_platform
from shared.runtime.problems import Problem, not_found, problem_of
from shared.runtime.serve import Parts, build_service, run_service
from shared.runtime.settings import ServiceSettings, for_service

__all__ = [
    "Asking", "Parts", "Platform", "Problem", "ServiceSettings", "build_service", "for_service",
    "not_found", "open_platform", "principal", "problem_of", "run_service",
]  # fmt: skip
