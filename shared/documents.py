"""Values of the domain as documents and back, field by field, by what their annotations say.

Pure: a document is a dictionary of what BSON holds. A field that a document lacks has its default,
and what a document has beside the fields of its value is left alone, so that documents of an older
and of a newer release are both read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.preconf.bson import make_converter
from pydantic import BaseModel

T = TypeVar("T")
Doc = dict[str, Any]

_AS_THEY_ARE = (str, int, float, bool, bytes, datetime)


def _nothing(_: Any) -> Mapping[str, Any]:
    return {}


def midnight(day: date) -> datetime:
    """A day as it is kept: BSON has no days."""
    return datetime.combine(day, time(), UTC)


def plain_converter() -> Converter:
    """A converter that takes each plain value as the database gave it: to turn it into what an
    annotation says would make a text of what is missing.
    """
    # Sorted, so that the same set is the same document.
    converter = make_converter(
        unstruct_collection_overrides={tuple: list, AbstractSet: sorted},
        detailed_validation=False,  # half the time; an error names the field all the same
    )
    for kind in _AS_THEY_ARE:
        converter.register_structure_hook(kind, _as_it_is)
    converter.register_unstructure_hook(datetime, lambda moment: moment)
    converter.register_unstructure_hook(str, str)  # also what is a member of an enumeration
    converter.register_structure_hook_func(_is_plain, lambda value, _: value)
    converter.register_unstructure_hook_func(_is_enum, lambda member: member.value)
    converter.register_unstructure_hook(date, midnight)
    converter.register_structure_hook(date, lambda midnight, _: midnight.date())
    converter.register_unstructure_hook_func(_is_model, lambda model: model.model_dump(mode="json"))
    converter.register_structure_hook_func(_is_model, lambda doc, kind: kind.model_validate(doc))
    return converter


def _as_it_is(value: Any, kind: Any) -> Any:
    # An enumeration of texts is a kind of text.
    return value if value is None or kind in _AS_THEY_ARE else kind(value)


def _is_plain(kind: Any) -> bool:
    """One of a few words, or one of several plain values, None among them."""
    if get_origin(kind) in {Union, UnionType}:
        return all(each in {*_AS_THEY_ARE, NoneType} or _is_plain(each) for each in get_args(kind))
    return get_origin(kind) is Literal


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@dataclass(frozen=True, kw_only=True)
class Shape(Generic[T]):
    """How values of a dataclass lie in documents.

    `key` is the field that is the document's `_id`. `flat` are fields whose own fields lie in the
    document itself. `names` are fields that are kept under another name, by their class; `lean`
    those that are left out while they have their default. `beside` gives what an index needs and
    nobody reads back. `hooks` teach a converter what lies otherwise than its annotation says.
    """

    value: type[T]
    key: str = "id"
    flat: Sequence[str] = ()
    names: Mapping[type, Mapping[str, str]] = field(default_factory=dict)
    lean: Mapping[type, Collection[str]] = field(default_factory=dict)
    beside: Callable[[T], Mapping[str, Any]] = _nothing
    hooks: Callable[[Converter], None] = _nothing  # type: ignore[assignment]

    def to_doc(self, value: T) -> Doc:
        """The document of a value, with its `_id`."""
        doc: Doc = self._converter.unstructure(value, self.value)
        for name in self.flat:
            doc |= doc.pop(name)
        return {"_id": doc.pop(self.key), **doc, **self.beside(value)}

    def from_doc(self, doc: Mapping[str, Any]) -> T:
        """The value of a document."""
        whole = {**doc, self.key: doc["_id"]}
        for name in self.flat:
            whole[name] = doc
        return self._converter.structure(whole, self.value)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names under which the fields of a value lie in its document, without its `_id`."""
        hints = get_type_hints(self.value)
        nested = [self._names_of(hints[name]) for name in self.flat]
        own = self._names_of(self.value) - {*self.flat, self.key}
        return frozenset().union(own, *nested)

    def _names_of(self, kind: type) -> frozenset[str]:
        renamed = self.names.get(kind, {})
        return frozenset(renamed.get(each.name, each.name) for each in fields(kind))

    @cached_property
    def _converter(self) -> Converter:
        converter = plain_converter()
        self.hooks(converter)
        for kind in {*self.names, *self.lean}:
            self._teach(converter, kind)
        return converter

    def _teach(self, converter: Converter, kind: type) -> None:
        renamed, lean = self.names.get(kind, {}), self.lean.get(kind, ())
        rules: Any = {
            each.name: override(rename=renamed.get(each.name), omit_if_default=each.name in lean)
            for each in fields(kind)
        }
        # Made at first use: by then it is known how the classes inside of it lie.
        converter.register_unstructure_hook_factory(
            lambda asked: asked is kind,
            lambda asked: make_dict_unstructure_fn(asked, converter, **rules),
        )
        converter.register_structure_hook_factory(
            lambda asked: asked is kind,
            lambda asked: make_dict_structure_fn(asked, converter, **rules),
        )


def _is_same(one: Any, other: Any) -> bool:
    """Whether equal values are the same in a document: true is not 1, nor 1 the same as 1.0, and
    what people write in a policy is kept as they wrote it.
    """
    match one:
        case dict():
            return list(one) == list(other) and all(_is_same(one[k], other[k]) for k in one)
        case list():
            return all(map(_is_same, one, other))
        case bool() | int() | float():
            return type(one) is type(other)
        case _:
            return True


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """What differs, as the `set`, `push` and `unset` of a change.

    A list that only grew is pushed to, and of one that is as long as before only what is another
    is set: a timeline of hundreds of entries is not written anew for one more.
    """
    setting: Doc = {}
    pushing: Doc = {}
    for key, value in new.items():
        was = old.get(key)
        if key in old and value == was and _is_same(value, was):
            continue
        if not (isinstance(value, list) and isinstance(was, list)):
            setting[key] = value
        elif len(value) > len(was) and value[: len(was)] == was:
            pushing[key] = value[len(was) :]
        elif len(value) == len(was):
            setting |= {f"{key}.{i}": v for i, v in enumerate(value) if v != was[i]}
        else:
            setting[key] = value
    return {"set": setting, "push": pushing, "unset": [key for key in old if key not in new]}
