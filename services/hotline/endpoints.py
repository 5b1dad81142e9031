"""Where everything answers: the file that tells it, and the environment a service gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from services.hotline.embedded.folder import read_json, write_json

FILE = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one running hotline; those of the servers hold their passwords."""

    amqp: str
    mongo: str
    management: str | None
    services: Mapping[str, str]

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """Return what the hotline that runs on the data folder wrote, or None when none runs."""
        value: Any = read_json(data / FILE)
        if not isinstance(value, dict):
            return None
        servers = {key: value.pop(key, None) for key in ("amqp", "mongo", "management")}
        return cls(
            amqp=str(servers["amqp"]),
            mongo=str(servers["mongo"]),
            management=servers["management"],
            services={str(name): str(address) for name, address in value.items()},
        )

    def write(self, data: Path) -> None:
        """Write the file, for its owner alone: it holds passwords."""
        servers = {"amqp": self.amqp, "mongo": self.mongo, "management": self.management}
        write_json(data / FILE, {**servers, **self.services})

    @staticmethod
    def remove(data: Path) -> None:
        """Remove the file: nothing answers any more."""
        (data / FILE).unlink(missing_ok=True)

    def environment(self, data: Path) -> dict[str, str]:
        """Return what a service is told of the others."""
        ports = {
            f"HOTLINE_{name.upper()}_PORT": address.rpartition(":")[2]
            for name, address in self.services.items()
        }
        addresses = {
            f"HOTLINE_{name.upper()}_URL": address for name, address in self.services.items()
        }
        management = {"HOTLINE_MANAGEMENT_URL": self.management} if self.management else {}
        return {
            "HOTLINE_AMQP_URL": self.amqp,
            "HOTLINE_MONGO_URL": self.mongo,
            "HOTLINE_DATA": str(data),
            "HOTLINE_ENDPOINTS": str(data / FILE),
            **management,
            **ports,
            **addresses,
        }
