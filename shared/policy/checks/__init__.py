"""Whether a policy may come into force: every fault of its documents at once, each with its path.

Reading the documents finds what cannot be read; here is what can be read and would go wrong. Pure.
"""

from shared.policy.checks.check import check_policy

__all__ = ["check_policy"]
