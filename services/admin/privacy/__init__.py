"""What people ask about their own data: to have a copy, to have it put right, to have it erased."""

from services.admin.privacy.app import build_privacy
from services.admin.privacy.storage import REQUESTS

__all__ = ["REQUESTS", "build_privacy"]
