"""The compose file names what exists: images, commands, settings, ports, files, scrape targets."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pydantic import AliasChoices
from pydantic_settings import BaseSettings

from services.telephony.exchange.listen_settings import ListenSettings
from services.telephony.exchange.read import read_document

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
OURS: Final = ("intake", "router", "notifier", "survey", "admin", "telephony", "console")
ADAPTER: Final = "exchange"
"""Where there is a telephone exchange: with settings of its own kind, without store and keys."""
ONE_SHOTS: Final = ("mongo-init", "seed")
FOLDER: Final = "HOTLINE_DATA"
"""What the key file and the audit have paths of their own instead of."""
SETTLED: Final = frozenset({
    "HOTLINE_AMQP_URL", "HOTLINE_MONGO_URL", "HOTLINE_DATABASE", "HOTLINE_KEYS", "HOTLINE_AUDIT",
    "HOTLINE_HOST", "HOTLINE_CONSOLE_KEY_FILE",
    *(f"HOTLINE_CONSOLE_{name.upper()}_URL" for name in OURS if name != "console"),
})  # fmt: skip
"""What follows from the other parts of the compose file."""


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    return found


SERVERS: Final = (
    "rabbitmq",
    "mongo",
    "prometheus",
    "alertmanager",
    "grafana",
    "node-exporter",
)
COMPOSE: Final = _read("compose.yaml")
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
PROMETHEUS: Final = _read("prometheus/prometheus.yml")


def _settings_of(service: str) -> type[BaseSettings]:
    package = "hotline" if service == "seed" else f"services.{service}"
    module = importlib.import_module(f"{package}.settings")
    [found] = [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, BaseSettings) and kind.__module__ == module.__name__
    ]
    return found


def _variables(settings: type[BaseSettings]) -> set[str]:
    """Every variable that a settings class reads."""
    prefix = settings.model_config["env_prefix"]
    names: set[str] = set()
    for name, field in settings.model_fields.items():
        match field.validation_alias:
            case None:
                names.add(f"{prefix}{name}".upper())
            case str(alias):
                names.add(alias)
            case AliasChoices(choices=choices):
                names |= {choice for choice in choices if isinstance(choice, str)}
            case _:
                raise AssertionError(f"{name} has an alias this test does not know")
    return names


def test_every_service_of_the_product_is_there() -> None:
    assert set(SERVICES) == {*OURS, ADAPTER, *ONE_SHOTS, *SERVERS}


@pytest.mark.parametrize("name", SERVICES)
def test_each_has_an_image(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z/-]+:(\$\{ESTATELINE_TAG:-latest\}|v?\d[\w.-]*)", image), image


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ONE_SHOTS])
def test_what_stays_is_checked_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout", "retries"} <= set(SERVICES[name]["healthcheck"])


@pytest.mark.parametrize("name", ONE_SHOTS)
def test_what_is_done_once_is_not_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", [*OURS, "seed"])
def test_ours_are_built_here_and_start_a_module_that_exists(name: str) -> None:
    build = SERVICES[name]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    match SERVICES[name]["command"]:
        case ["python", "-m", module]:
            assert module == f"services.{name}"
            assert importlib.util.find_spec(f"{module}.__main__") is not None
        case ["sh", "-c", line]:
            from typer.main import get_command

            from hotline.cli import build_app

            commands = [step.removeprefix("hotline ") for step in line.split(" && ")]
            known = get_command(build_app()).commands  # type: ignore[attr-defined]  # a group
            assert known.keys() >= {*commands}
        case other:
            raise AssertionError(f"{name} starts {other}")


@pytest.mark.parametrize("name", [*OURS, "seed"])
def test_every_setting_is_one_the_service_reads(name: str) -> None:
    given = set(SERVICES[name]["environment"])

    assert given - _variables(_settings_of(name)) == set()


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_a_service_is_handed_on(name: str) -> None:
    given = set(SERVICES[name]["environment"])

    assert _variables(_settings_of(name)) - given - {FOLDER} == set()


@pytest.mark.parametrize("name", OURS)
def test_what_the_machine_does_not_settle_is_the_operator_s_to_say(name: str) -> None:
    example = (DEPLOY / ".env.example").read_text("utf-8")
    offered = set(re.findall(r"^#?(HOTLINE_[A-Z_]+)=", example, re.MULTILINE))

    given = SERVICES[name]["environment"]
    theirs = {v for v, value in given.items() if value is None or f"${{{v}:-" in str(value)}
    assert theirs <= offered
    assert set(given) - theirs <= SETTLED | {f"HOTLINE_{name.upper()}_PORT"}


@pytest.mark.parametrize("name", OURS)
def test_what_the_example_offers_starts_the_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = (DEPLOY / ".env.example").read_text("utf-8")
    for variable, value in re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE):
        if value and variable in SERVICES[name]["environment"]:
            monkeypatch.setenv(variable, value.strip("'"))
    for variable in ("HOTLINE_AMQP_URL", "HOTLINE_MONGO_URL"):
        monkeypatch.setenv(variable, "given")

    assert _settings_of(name)()


@pytest.mark.parametrize("name", OURS)
def test_the_settings_start_the_service(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in SERVICES[name]["environment"].items():
        if value is not None:
            monkeypatch.setenv(variable, _filled_in(str(value)))

    settings: Any = _settings_of(name)()

    keys = "/var/lib/hotline/keys.json"
    own = "/var/lib/hotline-console/console.key"  # it is not given the other
    expected = own if name == "console" else keys
    assert (settings.host, str(settings.key_file)) == ("0.0.0.0", expected)
    assert settings.amqp_url.get_secret_value() == "amqp://hotline:given@rabbitmq:5672/"
    if name != "console":  # it is not told where the store is
        mongo = settings.mongo_url.get_secret_value()
        assert mongo.startswith("mongodb://hotline:given@mongo:27017/")


def _filled_in(value: str) -> str:
    """As compose reads it with every required variable given and no other."""
    value = re.sub(r"\$\{\w+:\?[^}]*\}", "given", value)
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@pytest.mark.parametrize("name", OURS)
def test_the_port_is_the_same_wherever_it_is_named(name: str) -> None:
    port = SERVICES[name]["environment"][f"HOTLINE_{name.upper()}_PORT"]

    assert port == _settings_of(name).model_fields["port"].default
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"127.0.0.1:{port}/readyz" in SERVICES[name]["healthcheck"]["test"][-1]


def test_the_adapter_is_told_of_its_exchange_and_of_nothing_else() -> None:
    given = SERVICES[ADAPTER]["environment"]
    example = (DEPLOY / ".env.example").read_text("utf-8")
    offered = dict(re.findall(r"^#?(HOTLINE_[A-Z_]+)=(.*)$", example, re.MULTILINE))

    assert set(given) <= _variables(ListenSettings)
    assert {name for name, value in given.items() if value is None} <= set(offered)
    assert given["HOTLINE_EXCHANGE_PORT"] == ListenSettings.model_fields["port"].default
    assert SERVICES[ADAPTER]["profiles"] == [ADAPTER]
    described = read_document(DEPLOY / "exchange.yaml")
    assert described.exchange == offered["HOTLINE_EXCHANGE_NAME"]


def test_prometheus_scrapes_every_service_and_the_broker() -> None:
    scraped = {host for host, _ in _targets()}

    assert {*OURS, "rabbitmq"} <= scraped


def test_scrape_targets_are_services_at_their_ports() -> None:
    ports = {
        name: SERVICES[name]["environment"][f"HOTLINE_{name.upper()}_PORT"]
        for name in (*OURS, ADAPTER)
    }
    known = {*ports.items(), ("rabbitmq", 15692), ("127.0.0.1", 9090)} | {("node-exporter", 9100)}

    assert set(_targets()) <= known


def _targets() -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for job in PROMETHEUS["scrape_configs"]:
        for config in job.get("dns_sd_configs", ()):
            found += [(name, config["port"]) for name in config["names"]]
        for config in job.get("static_configs", ()):
            for target in config["targets"]:
                host, _, port = target.rpartition(":")
                found.append((host, int(port)))
    return found


def test_the_broker_has_the_plugins_that_are_scraped_and_shown() -> None:
    plugins = (DEPLOY / "enabled_plugins").read_text("utf-8").strip()

    assert plugins == "[rabbitmq_management,rabbitmq_prometheus]."


def test_volumes_and_files_exist() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            # A variable names another file, or the one that stands behind it.
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).partition(":")[0]
            is_there = (DEPLOY / source).exists() if source[0] in "./" else source in _volumes()
            assert is_there, f"{name} mounts {source}"


def _volumes() -> set[str]:
    return set(COMPOSE["volumes"])


def test_everybody_waits_for_somebody_who_exists() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOTS else "service_healthy"
            assert how == {"condition": wanted}, f"{name} waits for {other}"


def test_no_secret_is_in_the_files_and_each_is_asked_for() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    example = (DEPLOY / ".env.example").read_text("utf-8")
    required = set(re.findall(r"\$\{(\w+):\?", text))

    assert required == {
        "RABBITMQ_PASSWORD",
        "MONGO_ROOT_PASSWORD",
        "MONGO_PASSWORD",
        "GRAFANA_PASSWORD",
    }
    for variable in required:
        assert f"\n{variable}=\n" in example
    for line in text.splitlines():
        if re.match(r"\s*\w*(PASSWORD|PASS|SECRET)\w*:", line):
            assert "${" in line or line.rstrip().endswith(":"), line


def test_what_the_example_offers_is_read_by_the_compose_file() -> None:
    example = (DEPLOY / ".env.example").read_text("utf-8")
    text = (DEPLOY / "compose.yaml").read_text("utf-8")

    for variable in re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE):
        assert re.search(rf"\b{variable}\b", text), variable


def test_the_image_runs_as_nobody_in_particular_with_hashed_packages() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")

    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.11-slim"] * 2
    assert "--require-hashes" in text
    assert re.findall(r"^USER (\w+)", text, re.MULTILINE) == ["hotline"]
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE):
        assert (DEPLOY.parent / source).exists()
