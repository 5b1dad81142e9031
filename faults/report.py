"""The verdict as it is printed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from faults.plan import Plan
from faults.verdict import NAMED, Check, Facts, recovery


def print_plan(plan: Plan, console: Console) -> None:
    """What will be sent and what will go wrong; the seed gives the same again."""
    counts = ", ".join(f"{n} {kind}" for kind, n in sorted(plan.counts().items()))
    console.print(f"seed {plan.seed}: {counts}; {len(plan.faults)} faults, {plan.kills} kills")
    for fault in plan.faults:
        console.print(f"  {fault}", highlight=False)


def print_verdict(facts: Facts, checks: Sequence[Check], console: Console) -> None:
    """The figures, and by number whatever does not hold or is explained."""
    times = Table("fault", "times", "consumers back after, median", "longest")
    for kind, n, middle, longest in recovery(facts.done):
        times.add_row(kind, str(n), f"{middle:.1f} s", f"{longest:.1f} s")
    console.print(times)
    table = Table("must hold", "found", "")
    for check in checks:
        table.add_row(check.what, check.found, "yes" if check.holds else "NO")
    console.print(table)
    for check in checks:
        _print_particulars(check, console)


def _print_particulars(check: Check, console: Console) -> None:
    if not check.why or (check.holds and len(check.why) > NAMED):
        return
    console.print(f"{'' if check.holds else 'BROKEN: '}{check.what}:", highlight=False)
    for line in check.why[:NAMED]:
        console.print(f"  {line}", highlight=False, soft_wrap=True)
    if len(check.why) > NAMED:
        console.print(f"  … and {len(check.why) - NAMED} more")
