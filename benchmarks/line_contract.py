"""The official OpenAPI file of LINE as JSON Schema whose choices are closed.

The file writes its message, component and action objects as `discriminator` + `allOf`, which an
ordinary validator reads as "anything with a type". Here a `type` must be one that the file maps,
the object is judged by that branch alone, and a property that the branch does not name is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

FILE = Path("schemas") / "line" / "messaging-api.yml"  # beside the folder of real data
PREFIX = "#/components/schemas/"
DROPPED = {"discriminator", "nullable", "externalDocs", "description", "example", "format"}


def official_file(data: Path) -> Path | None:
    """Give the file beside the folder of real data; None = there is none."""
    path = data.parent / FILE
    return path if path.is_file() else None


@cache
def read_contract(path: Path) -> Contract:
    """Read the file once."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as file:
        return Contract(yaml.load(file, loader)["components"]["schemas"])


class Contract:
    """Judges request bodies by the name of their schema."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._kinds = {
            target.removeprefix(PREFIX): (schema["discriminator"]["propertyName"], kind)
            for schema in schemas.values()
            if "discriminator" in schema
            for kind, target in schema["discriminator"].get("mapping", {}).items()
        }
        closed = {name: self._closed(name) for name in schemas}
        self._root = {"$defs": closed}
        self._validators: dict[str, Validator] = {}

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Give the types that each base object may have."""
        return {
            name: tuple(schema["discriminator"]["mapping"])
            for name, schema in self._schemas.items()
            if "mapping" in schema.get("discriminator", {})
        }

    def fault(self, name: str, body: Any) -> str:
        """Say where a body breaks the schema and by which rule, '' if nowhere; never a value."""
        if name not in self._validators:
            self._validators[name] = Draft202012Validator({**self._root, "$ref": f"#/$defs/{name}"})
        error = next(iter(self._validators[name].iter_errors(body)), None)
        if error is None:
            return ""
        return f"{'.'.join(map(str, error.absolute_path)) or 'body'}: {error.validator}"

    def _closed(self, name: str) -> dict[str, Any]:
        """Give one schema: a choice among its branches, or an object with no other property."""
        schema = self._schemas[name]
        if "mapping" in schema.get("discriminator", {}):
            return self._choice(schema["discriminator"])
        properties, required = self._members(schema)
        if not properties or "additionalProperties" in schema:
            return dict(self._plain(schema))
        if name in self._kinds:
            key, kind = self._kinds[name]
            properties[key] = {"const": kind}
            required.add(key)
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(required),
            "additionalProperties": False,
        }

    def _choice(self, discriminator: dict[str, Any]) -> dict[str, Any]:
        key, mapping = discriminator["propertyName"], discriminator["mapping"]
        return {
            "type": "object",
            "properties": {key: {"enum": list(mapping)}},
            "required": [key],
            "allOf": [
                {
                    "if": {"properties": {key: {"const": kind}}, "required": [key]},
                    "then": {"$ref": f"#/$defs/{target.removeprefix(PREFIX)}"},
                }
                for kind, target in mapping.items()
            ],
        }

    def _members(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """Give the properties and required names of an object and of all it is made of."""
        properties: dict[str, Any] = {}
        required = set(schema.get("required", ()))
        for part in self._parts(schema):
            inner, needed = self._members(part)
            properties |= inner
            required |= needed
        own = schema.get("properties", {})
        return properties | {name: self._plain(each) for name, each in own.items()}, required

    def _parts(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for part in schema.get("allOf", ()):
            yield self._schemas[part["$ref"].removeprefix(PREFIX)] if "$ref" in part else part

    def _plain(self, value: Any) -> Any:
        """Give a part with its references into `$defs`, without what JSON Schema does not know."""
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return {"$ref": f"#/$defs/{value['$ref'].removeprefix(PREFIX)}"}
        plain = {name: self._plain(each) for name, each in value.items() if name not in DROPPED}
        if plain.get("properties") and "additionalProperties" not in plain:
            plain["additionalProperties"] = False
        return plain
