"""What the tests' own policies say otherwise than the sample, so that they run at any hour and need
not wait for a minute to end. Tests of these rules set them.
"""

from __future__ import annotations

from typing import Any, Final

EACH_BY_ITSELF: Final[dict[str, Any]] = {"messages_in_a_minute": None}
"""Rules under which no message waits for another."""
