"""What a fresh data folder needs before the first service starts: keys and a policy."""

from pathlib import Path


async def seed(mongo_url: str, data: Path, policy: Path | None) -> None:
    """Make the keys and put a policy in force, once; what is there already stays as it is.

    The policy is the file's or folder's, or without one the sample group's. Nothing is stored
    yet: the policy's own store does that when it is there.
    """
    del mongo_url, data, policy
