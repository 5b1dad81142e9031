"""What may stand behind the question mark: the endpoint's own parameters, each by its name.

A filter that is not known would be one that does not filter, and answer with everything.
"""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from shared.contracts import MalformedMessage
from shared.contracts.errors import faults_in
from shared.runtime.endpoint_rights import is_open_to_all


async def only_known(request: Request) -> None:
    """Raise MalformedMessage naming the parameters that the endpoint does not know.

    They are read over where everybody may go, since what people pass on carries what others have
    added to it, such as an app that marks its links; and at an act that takes none: its body says
    all, and a cry for help is not lost for its address.
    """
    if not request.query_params:
        return
    route = request.scope["route"]
    known = set(_names_in(route.dependant))
    if is_open_to_all(route) or (request.method != "GET" and not known):
        return
    strange = [name for name in request.query_params if name not in known]
    if strange:
        errors = [{"type": "extra_forbidden", "loc": (name,), "msg": ""} for name in strange]
        raise MalformedMessage.naming(faults_in(errors), of=len(errors))


def _names_in(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):  # one model for all of them
            yield from (each.alias or name for name, each in kind.model_fields.items())
        else:
            yield field.alias
    for inner in dependant.dependencies:
        yield from _names_in(inner)
