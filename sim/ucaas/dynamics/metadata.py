"""Schema questions: EntityDefinitions with attributes, keys and relationships."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.errors import no_resource, no_row
from sim.ucaas.dynamics.schema import Schema

_BY_NAME = re.compile(r"EntityDefinitions\(LogicalName='(\w+)'\)(?:/(\w+))?(?:/.*)?")
_WANTED = re.compile(r"LogicalName eq '(\w+)'")
_TYPES = {
    "guid": "Uniqueidentifier", "string": "String", "int": "Integer", "bool": "Boolean",
    "datetime": "DateTime", "choice": "Picklist", "multi": "MultiSelectPicklist",
    "lookup": "Lookup", "file": "File",
}  # fmt: skip


def definitions(
    schemas: Mapping[str, Schema], tracked: frozenset[str], segment: str, options: dict[str, str]
) -> dict[str, Any]:
    """The body of the answer. Raises Refusal (404) for an unknown table."""
    select = [part.strip() for part in options.get("$select", "").split(",") if part.strip()]
    if segment.strip("/") == "EntityDefinitions":
        names = set(_WANTED.findall(options.get("$filter", ""))) or set(schemas)
        rows = [_entity(s, tracked) for name, s in schemas.items() if name in names]
        return {"value": [_selected(row, select) for row in rows]}
    match = _BY_NAME.fullmatch(segment)
    if match is None:
        raise no_resource(segment)
    schema = schemas.get(match[1])
    if schema is None:
        raise no_row("EntityMetadata", match[1])
    if match[2] is None:
        return _selected(_entity(schema, tracked), select)
    rows = _parts(schema, match[2])
    wanted = set(_WANTED.findall(options.get("$filter", "")))
    return {
        "value": [
            _selected(row, select) for row in rows if not wanted or row.get("LogicalName") in wanted
        ]
    }


def _entity(schema: Schema, tracked: frozenset[str]) -> dict[str, Any]:
    return {
        "LogicalName": schema.logical,
        "SchemaName": schema.logical,
        "EntitySetName": schema.set_name,
        "LogicalCollectionName": schema.set_name,
        "PrimaryIdAttribute": schema.key,
        "PrimaryNameAttribute": schema.title,
        "ChangeTrackingEnabled": schema.logical in tracked,
        "IsActivity": schema.key == "activityid",
        "MetadataId": guid(stream(0, "entity", schema.logical)),
    }


def _parts(schema: Schema, name: str) -> list[dict[str, Any]]:
    match name:
        case "Attributes":
            return [
                {
                    "LogicalName": _bare(column.name, column.kind),
                    "SchemaName": _bare(column.name, column.kind),
                    "AttributeType": "Virtual" if column.kind == "file" else _TYPES[column.kind],
                    "AttributeTypeName": {"Value": f"{_TYPES[column.kind]}Type"},
                    "EntityLogicalName": schema.logical,
                    "MetadataId": guid(stream(0, "attribute", schema.logical, column.name)),
                }
                for column in schema.columns.values()
            ]
        case "Keys":
            return []
        case "OneToManyRelationships":
            return [
                {
                    "SchemaName": nav,
                    "ReferencedEntity": schema.logical,
                    "ReferencedAttribute": schema.key,
                    "ReferencingEntity": child,
                    "ReferencingAttribute": _bare(column, "lookup"),
                    "ReferencedEntityNavigationPropertyName": nav,
                }
                for nav, (child, column) in schema.children.items()
            ]
        case "ManyToOneRelationships":
            return [
                {
                    "SchemaName": f"{schema.logical}_{_bare(column, 'lookup')}",
                    "ReferencedEntity": schema.columns[column].target,
                    "ReferencingEntity": schema.logical,
                    "ReferencingAttribute": _bare(column, "lookup"),
                    "ReferencingEntityNavigationPropertyName": nav,
                }
                for nav, column in schema.lookups.items()
            ]
        case _:
            raise no_resource(name)


def _bare(name: str, kind: str) -> str:
    return name.removeprefix("_").removesuffix("_value") if kind == "lookup" else name


def _selected(row: dict[str, Any], select: list[str]) -> dict[str, Any]:
    if not select:
        return row
    shown = {name: row[name] for name in select if name in row}
    return shown | {"MetadataId": row["MetadataId"]} if "MetadataId" in row else shown
