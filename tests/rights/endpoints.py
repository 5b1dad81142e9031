"""Every endpoint of every service, as the OpenAPI documents say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from typing_extensions import override

from shared.identity import PERMISSIONS, STAFF_ROLES, Scope
from tests.support.floor import Floor

ROLES: Final = (*STAFF_ROLES, "system", "console")
METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})
BODIES: Final[dict[str, dict[str, Any]]] = {
    "/v1/tickets": {"estate": "jinyuan", "text": "楼道灯不亮"},
    "/v1/tickets/preview": {"estate": "jinyuan", "text": "楼道灯不亮"},
    "/v1/classify": {"text": "楼道灯不亮"},
    "/v1/tickets/similar": {"estate": "jinyuan", "text": "楼道灯不亮"},
    "/v1/callers/look-up": {"phone": "13800138000"},
    "/v1/calls/{id}/disposition": {"code": "silent"},
    "/v1/calls/{id}/ticket": {"number": "23456789"},
    "/v1/tickets/{number}/reclassify": {"area": "electrical"},
    "/v1/tickets/{number}/answer": {"answer": "已经答复"},
    "/v1/tickets/{number}/merge": {"into": "23456789", "reason": "same_matter"},
    "/v1/tickets/{number}/feedback": {"outcome": "told"},
    "/v1/work-orders/{id}/decline": {"reason": "not_ours"},
    "/v1/work-orders/{id}/suspend": {"reason": "parts"},
    "/v1/work-orders/{id}/appoint": {"at": "2099-01-01T09:00:00+08:00"},
    "/v1/work-orders/{id}/quote": {
        "payer": "owner",
        "items": [{"kind": "part", "text": "阀门", "quantity": 1, "unit_price": 4500}],
    },
    "/v1/work-orders/{id}/consent": {"quote": 1, "given": True, "how": "phone"},
    "/v1/work-orders/{id}/extend": {"until": "2099-01-01T09:00:00+08:00", "reason": "parts"},
    "/v1/work-orders/{id}/support": {"department": "security"},
    "/v1/work-orders/{id}/transfer": {"reason": "not_ours", "department": "security"},
    "/v1/follow-ups/{id}/done": {"outcome": "told_owner"},
    "/v1/follow-ups/{id}/call": {"answer": "told"},
    "/v1/emergencies/{number}/check": {"step": "meet_rescue"},
    "/v1/emergencies/{number}/join": {"ticket": "23456789"},
    "/v1/emergencies/{number}/part": {"ticket": "23456789", "reason": "other_lift"},
    "/v1/emergencies/{number}/log": {"text": "已到楼下"},
    "/v1/emergencies/{number}/false-alarm": {"reason": "misreported"},
    "/v1/emergencies/{number}/review": {"verdict": "handled_well"},
    "/v1/incidents": {"estate": "jinyuan", "area": "community"},
    "/v1/incidents/{id}/dismiss": {"reason": "unrelated"},
    "/v1/incidents/{id}/promise": {"restore_by": "2099-01-01T09:00:00+08:00"},
    "/v1/incidents/{id}/scope": {"buildings": ["3"]},
    "/v1/incidents/{id}/link": {"number": "23456789"},
    "/v1/incidents/{id}/unlink": {"number": "23456789", "reason": "own_work"},
    "/v1/manual-queue/{number}/dispatch": {"department": "engineering"},
    "/v1/lines/{id}/checks": {"worked": True},
    "/v1/lines/{id}/maintenance": {
        "begins": "2099-01-01T09:00:00+08:00",
        "ends": "2099-01-01T10:00:00+08:00",
    },
    "/v1/persons/seen": {"phone": "13800138000"},
    "/v1/surveys/{id}/answer": {"score": 5},
    "/v1/reading-alarms/{id}/answer": {"reason": "explained"},
    "/v1/privacy-requests/{id}/check": {"proof": "called_back"},
    "/v1/privacy-requests/{id}/refuse": {"reason": "unfounded"},
}
"""What is sent where a body is asked for; an endpoint without one gets an empty object."""


@dataclass(frozen=True, slots=True)
class Param:
    """What may be asked for in an address, and the values that its document names."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation: where, what it is called with, and for whom its document says it is."""

    service: str
    method: str
    path: str
    actions: tuple[str, ...]
    roles: frozenset[str]
    has_body: bool
    params: tuple[Param, ...]

    @property
    def is_list(self) -> bool:
        """Whether it answers with many things, perhaps page by page."""
        pages = any(param.name == "after" for param in self.params)
        return not self.is_open and not self.names_a_thing and (self.method == "GET" or pages)

    @property
    def is_open(self) -> bool:
        return not self.actions

    @property
    def decides_late(self) -> bool:
        """Which of several actions it is depends on the thing's state, so the thing is read first;
        else the door refuses.
        """
        return len(self.actions) > 1

    @property
    def is_for_the_whole_group(self) -> bool:
        """Nobody may call it for one place."""
        return any(PERMISSIONS[action].scope is Scope.GROUP for action in self.actions)

    @property
    def names_a_thing(self) -> bool:
        return "{" in self.path

    @property
    def body(self) -> dict[str, Any] | None:
        return BODIES.get(self.path, {}) if self.has_body else None

    def at(self, thing: str) -> str:
        """The path with the one thing it names."""
        head, brace, tail = self.path.partition("{")
        return f"{head}{thing}{tail.partition('}')[2]}" if brace else head

    @override
    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"


def kind_of(answer: httpx.Response) -> str:
    """What a refusal calls itself, or the status of anything else."""
    problem = answer.headers.get("content-type") == "application/problem+json"
    kind = answer.json()["type"].rpartition(":")[2] if problem else ""
    return f"{answer.status_code} {kind}".strip()


async def endpoints_of(floor: Floor) -> list[Endpoint]:
    """All that the running services document."""
    async with httpx.AsyncClient() as http:
        documents = {
            service: (await http.get(f"{address}/openapi.json")).json()
            for service, address in floor.endpoints.services.items()
        }
    return endpoints_in(documents)


def endpoints_in(documents: Mapping[str, Mapping[str, Any]]) -> list[Endpoint]:
    """All that the services' OpenAPI documents name."""
    return [
        _endpoint(service, method.upper(), path, operation, document)
        for service, document in documents.items()
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


def _endpoint(
    service: str, method: str, path: str, operation: dict[str, Any], document: Mapping[str, Any]
) -> Endpoint:
    return Endpoint(
        service=service,
        method=method,
        path=path,
        actions=tuple(operation["x-actions"]),
        roles=frozenset(operation["x-roles"]),
        has_body="requestBody" in operation,
        params=tuple(
            Param(param["name"], tuple(_values(param["schema"], document)))
            for param in operation.get("parameters", ())
            if param["in"] == "query"
        ),
    )


def _values(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    """Every value that a shape names: of a closed list, yes and no, or a number."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _values(document["components"]["schemas"][name], document)
    for part in schema.get("anyOf", ()):
        yield from _values(part, document)
    if "items" in schema:  # it may be repeated
        yield from _values(schema["items"], document)
    yield from map(str, schema.get("enum", ()))
    if "const" in schema:
        yield str(schema["const"])
    yield from {"boolean": ("true", "false"), "integer": ("1",)}.get(schema.get("type", ""), ())
