"""What the tests' own policies say otherwise than the sample, so that they run at any hour and need
not wait for a minute to end. Tests of these rules set them.
"""

from __future__ import annotations

from typing import Any, Final

AT_ONCE: Final[dict[str, Any]] = {"messages_in_a_minute": None, "quiet_hours": None}
"""Rules under which no message waits: neither for others of its minute nor for the morning."""
