"""``hotline up`` with stand-ins for the services: the program a test starts, kills and stops."""

import asyncio
import sys
from pathlib import Path

from hotline.cli import configure_operator_log
from hotline.endpoints import Endpoints
from hotline.errors import HotlineError
from hotline.running import forever, run_while
from hotline.service import ServiceSpec
from hotline.settings import read_settings
from hotline.supervisor import Supervisor

STAND_IN = Path(__file__).with_name("stand_in.py")


async def no_seed(mongo_url: str, data: Path, trial: object) -> None:
    """Leave the data folder as it is."""


def stand_in(name: str, port: int = 0) -> ServiceSpec:
    return ServiceSpec(name=name, argv=(sys.executable, str(STAND_IN), name), port=port)


async def run(data: Path) -> None:
    async def work(endpoints: Endpoints) -> None:
        await forever()

    supervisor = Supervisor(
        data=data, settings=read_settings(), services=[stand_in("intake")], seed=no_seed
    )
    await run_while(supervisor, work)


if __name__ == "__main__":
    configure_operator_log()
    try:
        asyncio.run(run(Path(sys.argv[1])))
    except HotlineError as error:
        sys.exit(str(error))
