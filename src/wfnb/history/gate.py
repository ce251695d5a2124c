"""Decides from the syntax tree whether a question may be put: one SELECT, over the history only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import duckdb

from wfnb.errors import QueryError
from wfnb.history.functions import (
    ALLOWED_TABLE_FUNCTIONS,
    CATALOG_QUALIFIERS,
    INFORMATION_TABLES,
    REFUSED_FUNCTIONS,
    VIEWS,
    WIDTH_FUNCTIONS,
)

__all__ = ["check"]

_STATEMENT_NODES = frozenset({"CTE_NODE", "RECURSIVE_CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"})
_LONG_NUMBER = re.compile(r"\d{4}|\*")
_ONLY_SELECT = "Ask with one SELECT; the history is read-only."

Node = dict[str, Any]


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> frozenset[str]:
    """Names of the parameters of a question that may be put.

    Raises
    ------
    QueryError
        ``QUERY_REFUSED`` when it is more than one SELECT or reaches outside the history, ``QUERY_SYNTAX`` when it asks for
        a table that does not exist.
    duckdb.ParserException
        When it is not SQL.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(
            f"The question holds {len(statements)} statements; it must be one.", hint=_ONLY_SELECT
        )
    if statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("The question is not a SELECT.", hint=_ONLY_SELECT)
    nodes = list(_nodes(_tree(connection, sql)))
    for node in nodes:
        _check_node(node)
    _check_functions(nodes)
    _check_tables(nodes)
    return frozenset(node["identifier"] for node in nodes if node.get("class") == "PARAMETER")


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Node:
    row = connection.execute("SELECT json_serialize_sql($sql, skip_null := true)", {"sql": sql}).fetchone()
    tree: Node = json.loads(row[0]) if row else {"error": True}
    if tree["error"]:
        raise QueryError("The question is not a plain SELECT.", hint=_ONLY_SELECT)
    return tree


def _nodes(tree: Any) -> Iterator[Node]:
    """Every object of the tree; a loop and not recursion, because questions may be nested deeply."""
    todo = [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            yield item
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


def _check_node(node: Node) -> None:
    kind = node.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _STATEMENT_NODES:
        raise QueryError("The question changes something.", hint=_ONLY_SELECT)
    if (
        kind == "SHOW_REF"
        and node.get("show_type") == "SHOW_SPECIAL"
        and node.get("table_name") != '"tables"'
    ):
        raise QueryError("Only SHOW TABLES is answered.", hint="DESCRIBE runs shows the columns of a table.")


def _check_functions(nodes: list[Node]) -> None:
    of_tables = [node["function"] for node in nodes if node.get("type") == "TABLE_FUNCTION"]
    for function in of_tables:
        name = _function_name(function)
        if name not in ALLOWED_TABLE_FUNCTIONS:
            raise QueryError(
                f"The table function “{name}” may not be used in a question.", hint=f"Ask {_list(VIEWS)}."
            )
    known = {id(function) for function in of_tables}
    for node in nodes:
        if node.get("class") in ("FUNCTION", "WINDOW") and id(node) not in known:
            _check_scalar(node)


def _check_scalar(node: Node) -> None:
    name = _function_name(node)
    reason = REFUSED_FUNCTIONS.get(name)
    if reason:
        raise QueryError(f"The function “{name}” may not be used in a question: {reason}.")
    if name in WIDTH_FUNCTIONS and not _narrow(node["arguments"]):
        raise QueryError(
            f"The first argument of “{name}” must be written out, without numbers above 999.",
            hint="Put the text together with || or concat().",
        )


def _function_name(node: Node) -> str:
    """Name of a function in lower case.

    Raises
    ------
    QueryError
        When the catalog before it would reach past the bounded functions of the history.
    """
    *qualifiers, name = (str(part).lower() for part in node["qualified_name"]["path"])
    if len(qualifiers) > 1 or CATALOG_QUALIFIERS.intersection(qualifiers):
        raise QueryError(f"The function “{name}” must be called by its name alone.")
    return name


def _narrow(arguments: list[Node]) -> bool:
    literal = arguments[0]["expression"].get("literal") if arguments else None
    text = literal.get("text") if isinstance(literal, dict) else None
    return isinstance(text, str) and not _LONG_NUMBER.search(text)


def _check_tables(nodes: list[Node]) -> None:
    named = {str(entry["key"]).lower() for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    for node in nodes:
        if node.get("type") == "BASE_TABLE":
            _check_table([str(part).lower() for part in node["qualified_name"]["path"]], named)


def _check_table(path: list[str], named: set[str]) -> None:
    *schema, name = path
    if schema == ["information_schema"] and name in INFORMATION_TABLES:
        return
    if schema in ([], ["main"]) and name in VIEWS:
        return
    if not schema and name in named:
        return
    if not schema and re.fullmatch(r"\w+", name):
        close = get_close_matches(name, [*VIEWS, *named], n=1)
        raise QueryError(
            f"There is no table “{name}” in the history.",
            code="QUERY_SYNTAX",
            hint=f"Did you mean “{close[0]}”?" if close else f"Ask {_list(VIEWS)}.",
        )
    raise QueryError("Only the tables of the history can be asked.", hint=f"Ask {_list(VIEWS)}.")


def _list(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
