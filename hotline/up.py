"""``hotline up``: everything on one machine, until Ctrl-C."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hotline.endpoints import Endpoints, print_addresses
from hotline.errors import UnusableSettingError
from hotline.running import Work, forever, run_while
from hotline.seed import seed
from hotline.service import ALL, ServiceSpec
from hotline.settings import HotlineSettings, read_settings
from hotline.supervisor import Supervisor

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of data, keys and logs [HOTLINE_DATA].")
]
TrialOption = Annotated[
    bool, typer.Option("--trial", help="A trial: `hotline clock` may move the time forward.")
]
WatchOption = Annotated[
    bool,
    typer.Option("--watch", help="Prometheus and Alertmanager beside it, for `hotline watch`."),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="Policy file or folder instead of the sample's.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    data: DataOption = None,
    *,
    trial: TrialOption = False,
    policy: PolicyOption = None,
    watch: WatchOption = False,
) -> None:
    """Start the servers and the services, keep them running, stop them all on Ctrl-C."""
    settings = read_settings()
    folder = (data or settings.data).absolute()
    run_hotline(
        settings,
        partial(_show_and_wait, data=folder),
        data=folder,
        trial=trial,
        policy=policy,
        watch=watch,
    )


def run_hotline(
    settings: HotlineSettings,
    work: Work,
    *,
    data: Path,
    trial: bool,
    policy: Path | None,
    beside: Sequence[ServiceSpec] = (),
    watch: bool = False,
) -> None:
    """Run the whole hotline while the work lasts, and what else is named; raises a HotlineError
    when it cannot.
    """
    if policy is not None and not policy.exists():
        raise UnusableSettingError(
            f"There is no policy at {policy}. Name a file or folder that exists with --policy, or "
            "leave it out for the sample group's."
        )
    services = [*(ServiceSpec.of(name, settings.port_of(name)) for name in ALL), *beside]
    asyncio.run(_run(settings, work, services, data=data, trial=trial, policy=policy, watch=watch))


async def _run(
    settings: HotlineSettings,
    work: Work,
    services: Sequence[ServiceSpec],
    *,
    data: Path,
    trial: bool,
    policy: Path | None,
    watch: bool,
) -> None:
    supervisor = Supervisor(
        data=data,
        settings=settings,
        services=services,
        seed=partial(seed, policy=policy, database=settings.database),
        trial=trial,
        watch=watch,
    )
    await run_while(supervisor, work)


async def _show_and_wait(endpoints: Endpoints, *, data: Path) -> None:
    print_addresses(endpoints, data)
    await forever()
