"""Bad input of every kind gives one clear typed answer, and leaves the workspace as it was and working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import assign, call, each, when
from wfnb.errors import WfnbError


class Number(BaseModel):
    n: int


class Loose(BaseModel):
    value: Any = None


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    """A workspace that must be sound, unchanged and working after whatever a test tried."""
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as workspace:

        @workspace.action("double", side_effect=True, idempotency="engine")
        def _double(data: Number) -> Number:
            return Number(n=data.n * 2)

        @workspace.action("echo")
        def _echo(data: Loose) -> Loose:
            return data

        publish(
            workspace, call("d", "double", inputs={"n": {"$expr": "payload.n"}}, save_as="out"), id="good"
        )
        works(workspace)
        yield workspace
        works(workspace)
    (verdict,) = apsw.Connection(str(tmp_path / ".wfnb" / "state.sqlite")).execute("PRAGMA integrity_check")
    assert verdict == ("ok",)


def works(ws: wfnb.Workspace) -> None:
    assert ws.start("good", {"n": 4}).wait(60).envelope["vars"] == {"out": {"n": 8}}


def publish(ws: wfnb.Workspace, *steps: Any, id: str = "test") -> None:
    publication = ws.publish({"id": id, "name": id, "steps": list(steps)})
    assert publication.ok, publication.findings


def contents(ws: wfnb.Workspace) -> dict[str, int]:
    """How many rows there are in every table of the state file."""
    file = apsw.Connection(str(ws.path / ".wfnb" / "state.sqlite"), flags=apsw.SQLITE_OPEN_READONLY)
    there = {row[0] for row in file.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert {"versions", "runs"} <= there
    return {table: file.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in sorted(there)}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": value}
    return value


def cycle() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


def definition(*steps: Any, **extra: Any) -> dict[str, Any]:
    return {"id": "test", "name": "Test", "steps": list(steps), **extra}


def action(**config: Any) -> dict[str, Any]:
    return definition({"id": "a", "type": "action.call", "config": config})


BROKEN: dict[str, tuple[Any, str]] = {
    "broken JSON": ('{"id": ', "BROKEN_JSON"),
    "broken YAML": ("a: [", "BROKEN_YAML"),
    "JSON with NaN": ('{"id": NaN}', "BROKEN_JSON"),
    "a key twice in JSON": ('{"id": "a", "id": "b"}', "DUPLICATE_KEY"),
    "a key twice in YAML": ("id: a\nid: b", "DUPLICATE_KEY"),
    "a YAML tag": ("id: !!python/object/apply:os.system [id]", "BROKEN_YAML"),
    "a YAML anchor": ("id: &a x\nname: *a", "BROKEN_YAML"),
    "a YAML key that is no text": ("1: 2", "BROKEN_YAML"),
    "two YAML documents": ("id: a\n---\nid: b", "BROKEN_YAML"),
    "NUL in text": ("id: a\0b", "BROKEN_YAML"),
    "deep JSON text": ('{"x":' * 1000 + "1" + "}" * 1000, "TOO_DEEP"),
    "deep YAML text": ("[" * 1000 + "]" * 1000, "TOO_DEEP"),
    "deep block YAML": ("\n".join("  " * level + "a:" for level in range(1000)), "TOO_DEEP"),
    "deep object": (deep(1000), "TOO_DEEP"),
    "a cycle": (cycle(), "TOO_DEEP"),
    "NaN in an object": (definition(assign("a", x="1"), odd=float("nan")), "NON_SERIALIZABLE"),
    "a key that is no text": ({1: 2}, "NON_SERIALIZABLE"),
    "half a character": (definition(assign("a", x="1"), name="\ud800"), "NON_SERIALIZABLE"),
    "bytes": (b"{}", "NON_SERIALIZABLE"),
    "a set": ({1}, "NON_SERIALIZABLE"),
    "an object of Python": (object(), "NON_SERIALIZABLE"),
    "None": (None, "INVALID_WORKFLOW_DEFINITION"),
    "a number": (3, "INVALID_WORKFLOW_DEFINITION"),
    "a list": ([], "INVALID_WORKFLOW_DEFINITION"),
    "empty text": ("", "INVALID_WORKFLOW_DEFINITION"),
    "nothing in it": ({}, "INVALID_WORKFLOW_DEFINITION"),
    "steps that are none": ({"id": "a", "name": "a", "steps": 5}, "INVALID_WORKFLOW_DEFINITION"),
    "a file that is not there": (Path("nowhere.json"), "NO_SUCH_FILE"),
    "a file name with NUL": ("a\0.json", "NO_SUCH_FILE"),
    "an endless device": (Path("/dev/zero"), "NO_SUCH_FILE"),
    "a folder": (Path("/"), "NO_SUCH_FILE"),
    "an unknown type": (definition({"id": "a", "type": "state.sett", "config": {}}), "UNKNOWN_NODE_TYPE"),
    "an unknown action": (action(actionId="nope", version=1), "UNKNOWN_ACTION"),
    "an unknown version": (action(actionId="double", version=9), "UNKNOWN_ACTION"),
    "a version that is no number": (action(actionId="double", version="x"), "INVALID_ACTION_CONFIG"),
    "a bad expression": (definition(assign("a", x="1 +")), "INVALID_EXPR"),
    "a forbidden function": (definition(assign("a", x="$eval('1')")), "INVALID_EXPR"),
    "a path to nowhere": (definition({"id": "a", "type": "transform.assign", "config": {"assign": {"__proto__.x": 1}}}), "INVALID_ASSIGN_PATH"),
    "the same id twice": (definition(assign("a", x="1"), assign("a", y="1")), "DUPLICATE_STEP_ID"),
}  # fmt: skip


@pytest.mark.behaviour(35, 36, 37, 39, 40, 52)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_definition_is_refused_with_findings(ws: wfnb.Workspace, name: str) -> None:
    written, code = BROKEN[name]
    before = contents(ws)
    publication = ws.publish(written)
    assert (publication.ok, publication.version) == (False, None)
    errors = [finding for finding in publication.findings if finding.severity == "error"]
    assert code in {finding.code for finding in errors}
    assert all(len(finding.message) < 1_000 for finding in errors)
    assert [f.code for f in ws.validate(written)] == [f.code for f in publication.findings]
    assert contents(ws) == before


def test_a_huge_definition_is_refused(ws: wfnb.Workspace, tmp_path: Path) -> None:
    (tmp_path / "huge.json").write_text('{"id": "' + "x" * 1_100_000 + '"}')
    assert [finding.code for finding in ws.publish(tmp_path / "huge.json").findings] == ["FILE_TOO_LARGE"]
    assert not ws.publish({"id": "a", "name": "x" * 1_100_000, "steps": []}).ok


PAYLOADS: dict[str, tuple[Any, str]] = {
    "a list": ([1], "VALIDATION_ERROR"),
    "text": ("text", "VALIDATION_ERROR"),
    "a number": (3, "VALIDATION_ERROR"),
    "too large": ({"x": "x" * 600_000}, "TOO_LARGE"),
    "too deep": (deep(1000), "TOO_DEEP"),
    "a cycle": (cycle(), "TOO_DEEP"),
    "NaN": ({"x": float("nan")}, "NOT_JSON"),
    "infinity": ({"x": [float("inf")]}, "NOT_JSON"),
    "a number of 5,000 digits": ({"x": 10**5000}, "NOT_JSON"),
    "a key that is no text": ({1: 1}, "NOT_JSON"),
    "a tuple": ({"x": (1,)}, "NOT_JSON"),
    "bytes": ({"x": b""}, "NOT_JSON"),
    "half a character": ({"x": "\ud800"}, "NOT_JSON"),
}


@pytest.mark.behaviour(67)
@pytest.mark.parametrize("name", PAYLOADS)
def test_a_bad_payload_begins_no_run(ws: wfnb.Workspace, name: str) -> None:
    payload, code = PAYLOADS[name]
    before = contents(ws)
    for begin in (ws.start, ws.debug):
        with pytest.raises(WfnbError) as caught:
            begin("good", payload)
        assert caught.value.code == code
        assert len(str(caught.value)) < 500
    assert contents(ws) == before


FAILING: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "a field is missing": (assign("a", x="payload.customer.name"), {}, "ExpressionError", "MISSING_VALUE"),
    "a condition is no boolean": (when("a", "payload.x", []), {"x": "yes"}, "ExpressionError", "CONDITION_NOT_BOOLEAN"),
    "items are no list": (each("a", "payload.x", [assign("b", y="1")]), {"x": 5}, "ValidationError", "ITEMS_NOT_A_LIST"),
    "an input does not fit": (call("a", "double", inputs={"n": {"$expr": "payload.x"}}), {"x": "many"}, "ValidationError", "VALIDATION_ERROR"),
    "a type does not fit": (assign("a", x="payload.x + 1"), {"x": "text"}, "ExpressionError", "EXPRESSION_TYPE"),
    "a result is not finite": (assign("a", x="1 / payload.x"), {"x": 0}, "ExpressionError", ""),
}  # fmt: skip


@pytest.mark.behaviour(71, 91, 99)
@pytest.mark.parametrize("name", FAILING)
def test_what_only_shows_at_run_time_fails_the_step_that_meets_it(ws: wfnb.Workspace, name: str) -> None:
    step, payload, category, code = FAILING[name]
    publish(ws, assign("before", ok="true"), step, assign("after", never="true"))
    run = ws.start("test", payload).wait(60)
    assert run.status == "FAILED"
    assert run.error is not None
    assert run.error["category"] == category
    assert code in ("", run.error["code"])
    assert run.envelope["vars"] == {"ok": True}
    assert [(step.id, step.status) for step in run.steps()] == [("before", "SUCCEEDED"), ("a", "FAILED")]


HOSTILE = {
    "path": "../../etc/passwd",
    "SQL": "'; DROP TABLE runs; --",
    "NUL": "a\0b",
    "terminal": "\x1b[31mred\x07",
    "direction": "\u202egnp.exe",
    "half a character": "\ud800",
    "long": "x" * 10_000,
    "empty": "",
    "pattern": "%_",
    "HTML": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_id_is_only_ever_an_id(ws: wfnb.Workspace, name: str) -> None:
    text, before = HOSTILE[name], contents(ws)
    attempts: list[Callable[[], Any]] = [
        lambda: ws.start(text), lambda: ws.debug(text), lambda: ws.run(text), lambda: ws.picture(text),
        lambda: ws.run("run-0001").debug().run_to(text), lambda: ws.schema(text, int),  # type: ignore[arg-type]  # bad on purpose
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(WfnbError) as caught:
            attempt()
        shown = str(caught.value)
        assert shown.isprintable()
        assert shown.encode()
        assert caught.value.code
    for part in ({"id": text}, {"steps": [assign(text, x="1")]}):
        assert not ws.publish({**definition(assign("a", x="1")), **part}).ok
    assert contents(ws) == before


WRONG: dict[str, Callable[[wfnb.Workspace], Any]] = {
    "publish actor": lambda ws: ws.publish(definition(assign("a", x="1")), actor=3),
    "start 3": lambda ws: ws.start(3),
    "start None": lambda ws: ws.start(None),
    "start list": lambda ws: ws.start([]),
    "version text": lambda ws: ws.start("good", version="1"),
    "version float": lambda ws: ws.start("good", version=1.0),
    "version bool": lambda ws: ws.start("good", version=True),
    "version huge": lambda ws: ws.start("good", version=10**30),
    "version list": lambda ws: ws.start("good", version=[]),
    "key number": lambda ws: ws.start("good", {"n": 1}, key=3),
    "key empty": lambda ws: ws.start("good", {"n": 1}, key=""),
    "key long": lambda ws: ws.start("good", {"n": 1}, key="k" * 10_000),
    "debug 3": lambda ws: ws.debug(3),
    "debug unknown": lambda ws: ws.debug("nope"),
    "run None": lambda ws: ws.run(None),
    "run list": lambda ws: ws.run([]),
    "status unknown": lambda ws: ws.runs(status="NOPE"),
    "status number": lambda ws: ws.runs(3),
    "status list": lambda ws: ws.runs([["FAILED"]]),
    "limit 0": lambda ws: ws.runs(limit=0),
    "limit text": lambda ws: ws.runs(limit="x"),
    "limit huge": lambda ws: ws.runs(limit=10**30),
    "before text": lambda ws: ws.runs(before="x"),
    "workflow number": lambda ws: ws.runs(workflow=3),
    "at text": lambda ws: ws.run("run-0001").at("x"),
    "at float": lambda ws: ws.run("run-0001").at(1.5),
    "at below": lambda ws: ws.run("run-0001").at(-1),
    "at above": lambda ws: ws.run("run-0001").at(10**30),
    "diff text": lambda ws: ws.run("run-0001").diff("a", "b"),
    "why number": lambda ws: ws.run("run-0001").why(3),
    "why nothing": lambda ws: ws.run("run-0001").why(""),
    "why no place": lambda ws: ws.run("run-0001").why("vars..b"),
    "wait text": lambda ws: ws.run("run-0001").wait("x"),
    "wait NaN": lambda ws: ws.run("run-0001").wait(float("nan")),
    "cancel nothing": lambda ws: ws.run("run-0001").cancel(""),
    "cancel None": lambda ws: ws.run("run-0001").cancel(None),
    "cancel long": lambda ws: ws.run("run-0001").cancel("x" * 10_000),
    "sql number": lambda ws: ws.sql(5),
    "sql bytes": lambda ws: ws.sql(b"SELECT 1"),
    "sql nothing": lambda ws: ws.sql(""),
    "sql half": lambda ws: ws.sql("SELECT '\ud800'"),
    "sql parameter": lambda ws: ws.sql("SELECT $a", a=object()),
    "picture number": lambda ws: ws.picture(3),
    "picture ending": lambda ws: ws.picture("good").save(ws.path / "x.exe"),
    "picture folder": lambda ws: ws.picture("good").save("/nowhere/x.svg"),
    "picture None": lambda ws: ws.picture("good").save(None),
    "goto text": lambda ws: ws.run("run-0001").debug().goto("x"),
    "run_to None": lambda ws: ws.run("run-0001").debug().run_to(None),
    "action id": lambda ws: ws.action(3)(lambda data: data),
    "action version": lambda ws: ws.action("q", version="1")(lambda data: data),
    "action function": lambda ws: ws.action("q")(3),
    "node function": lambda ws: ws.node("x.y")(3),
    "schema model": lambda ws: ws.schema("payload.X.v1", int),
    "open path": lambda ws: wfnb.open(3),
    "open NUL": lambda ws: wfnb.open("a\0b"),
    "open a file": lambda ws: wfnb.open(ws.path / ".wfnb" / "state.sqlite"),
    "open store": lambda ws: wfnb.open(ws.path, store=3),
    "open clock": lambda ws: wfnb.open(store="memory", clock=3),
    "open late clock": lambda ws: wfnb.open(store="memory", clock="9999-12-31T23:59:59Z"),
    "open seed": lambda ws: wfnb.open(store="memory", seed="x"),
    "open actor": lambda ws: wfnb.open(store="memory", actor=None),
    "open role": lambda ws: wfnb.open(store="memory", role=["admin"]),
    "open starts": lambda ws: wfnb.open(store="memory", starts_per_minute="many"),
    "workflow None": lambda ws: ws.workflow(None),
    "pause None": lambda ws: ws.workflow("good").pause(None),
    "limits text": lambda ws: ws.workflow("good").limits("because", concurrency_limit="x"),
    "limits flag": lambda ws: ws.workflow("good").limits("because", auto_pause="yes"),
    "retry step": lambda ws: ws.run("run-0001").retry("because", step=3),
    "resume payload": lambda ws: ws.run("run-0001").resume(float("nan"), reason="because"),
    "rerun payload": lambda ws: ws.run("run-0001").rerun("because", object()),
    "bulk ids": lambda ws: ws.bulk("cancel", "because", ids=[3]),
    "bulk word": lambda ws: ws.bulk("explode", "because", ids=["run-0001"]),
    "dead letters": lambda ws: ws.dead_letters(min_attempts="x"),
    "audit target": lambda ws: ws.audit(3),
    "audit before": lambda ws: ws.audit(before="x"),
    "runs since": lambda ws: ws.runs(since=3),
    "runs sort": lambda ws: ws.runs(sort=["started"]),
    "runs search": lambda ws: ws.runs(search=3),
    "runs cursor": lambda ws: ws.runs(cursor="x" * 500),
    "summary until": lambda ws: ws.summary(until="soon"),
    "logs level": lambda ws: ws.logs(3),
    "run logs level": lambda ws: ws.run("run-0001").logs(["loud"]),
    "draft None": lambda ws: ws.save_draft(None),
    "draft version": lambda ws: ws.save_draft({"id": "x"}, expected_version="1"),
    "draft id": lambda ws: ws.draft(3),
    "purge days": lambda ws: ws.purge(days="x"),
    "purge workflow": lambda ws: ws.purge(workflow=3),
    "export what": lambda ws: ws.export(["runs"], "x.csv"),
    "export format": lambda ws: ws.export("runs", "x", format=3),
    "export bundle path": lambda ws: ws.export_bundle(3),
    "export bundle keys": lambda ws: ws.export_bundle("bundle.json", [3]),
    "import bundle path": lambda ws: ws.import_bundle("nowhere.json"),
    "open functions": lambda ws: wfnb.open(store="memory", functions=[]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_argument_gives_one_typed_sentence(ws: wfnb.Workspace, name: str) -> None:
    before = contents(ws)
    with pytest.raises(WfnbError) as caught:
        WRONG[name](ws)
    assert caught.value.code
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "one error, not a chain"
    assert len(str(caught.value)) < 500
    assert contents(ws) == before
