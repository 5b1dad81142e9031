"""The demo's requests as data, and what became of each."""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.policy.documents import read_yaml


class Scene(BaseModel):
    """One request: how it comes, what it says, and which plot it follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    via: Literal["http", "amqp"]
    plot: str
    key: str = "ticket.report"
    key_name: str | None = None
    language: Literal["zh", "en"] = "zh"
    report: dict[str, Any] = {}
    raw: str | None = None


@dataclass(slots=True)
class Outcome:
    """What became of one scene; `explained` says whether that is what had to become of it."""

    scene: Scene
    number: str = "-"
    status: str = "-"
    told: str = ""
    explained: bool = False
    messages: list[str] = field(default_factory=list)


def load_scenes() -> list[Scene]:
    """The scenes in the order they are played."""
    text = files("hotline.demo").joinpath("scenes.yaml").read_text("utf-8")
    return [Scene.model_validate(item) for item in read_yaml(text)]


def planted_strings(scenes: list[Scene]) -> list[str]:
    """The names, numbers and flats in the scenes, none of which may be found anywhere later."""
    found: dict[str, None] = {}
    for scene in scenes:
        caller = scene.report.get("caller", {})
        for part in ("name", "phone", "room"):
            if value := caller.get(part):
                found[value] = None
    return list(found)
