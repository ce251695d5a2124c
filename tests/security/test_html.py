"""Text from data is only ever text: in every output of every object, in pictures, in errors and on the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

import wfnb
from security.pages import harm_in_bundle, harm_in_html, harm_in_svg, harm_in_text
from unit.machine.world import assign, call, each, when
from wfnb.cli.app import app
from wfnb.cli.main import COMMANDS
from wfnb.errors import WfnbError
from wfnb.model.values import check_json

HTML = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg><animate onbegin=alert(1) attributeName=x>",
    "<svg><use href='data:image/svg+xml,<svg onload=alert(1)>'>", "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext><style><img src onerror=alert(1)>", "<details open ontoggle=alert(1)>", "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)",
    "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<form action=javascript:alert(1)><input type=submit>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>", "<base href=//evil.example>", "<link rel=import href=//evil.example>",
    "<style>@import '//evil.example'</style>", "</style><script>alert(1)</script>", "<div style='background:url(javascript:alert(1))'>",
    "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "</pre><script>alert(1)</script>",
    "</td></tr></table><script>alert(1)</script>", "</details><script>alert(1)</script>", "--><script>alert(1)</script>", "<!--",
    "]]><script>alert(1)</script>", "<![CDATA[<script>alert(1)</script>]]>", "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;", "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;",
    '" onmouseover="alert(1)', "' onmouseover='alert(1)", "` onmouseover=`alert(1)", '"><script>alert(1)</script>', "'><script>alert(1)</script>",
    '\\"><script>alert(1)</script>', "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>",
    "{{constructor.constructor('alert(1)')()}}", "${alert(1)}", "<%= 7*7 %>", "$$\\href{javascript:alert(1)}{x}$$", "![x](javascript:alert(1))",
    "[bold red]x[/] [link=javascript:alert(1)]y[/link]", "%3Cscript%3Ealert(1)%3C/script%3E", "\uff1cscript\uff1ealert(1)", "<scr\u0000ipt>alert(1)</scr\u0000ipt>",
]  # fmt: skip
TERMINAL = [
    "\x1b[31mred\x1b[0m", "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x9b31m", "\x90q\x9c", "a\rb",
    "a\x08b", "a\x7fb", "\u202egpj.exe", "\u2066a\u2069", "\u200eb\u200f", "a\u200bb", "\ufeff", "a\x00b", "\x85", "\u00ad", "\\[/x] [/y]",
]  # fmt: skip
PAYLOADS = HTML + TERMINAL


class Anything(BaseModel):
    value: Any = None


def story(ws: wfnb.Workspace, text: str) -> list[wfnb.Run]:
    """Runs that hold a text wherever a text can stand: names, labels, keys, values, errors, hints, reasons."""

    @ws.action("echo", label=text, category=text, description=text, examples=[text])
    def _echo(data: Anything) -> Anything:
        return Anything(value={text: [text, {text: data.value}]})

    @ws.action("fail", retry={"maxAttempts": 2, "backoffMs": 1})
    def _fail(data: Anything) -> Anything:
        raise wfnb.TransientError(text, code=text, hint=text, where=text)

    @ws.action("crash")
    def _crash(data: Anything) -> Anything:
        raise ValueError(text)

    literal = json.dumps(text, ensure_ascii=True)
    label = text[:100] or "x"
    steps = [
        assign("a", plain="payload.value", made=literal),
        {"id": "s", "type": "state.set", "name": label, "config": {"state": label}},
        call("e", "echo", inputs={"value": {"$expr": "payload.value"}}, save_as="echoed", config={"idempotencyKey": {"$expr": "payload.value"}}),
        when("w", f"payload.value = {literal}", [each("l", "[payload.value]", [assign("i", got="vars.item")])]),
    ]  # fmt: skip
    for number, ending in enumerate(
        ([], [call("f", "fail")], [call("c", "crash")], [assign("m", x=f"1 + {literal}")])
    ):
        written = {"id": f"w{number}", "name": label, "steps": [*steps, *ending]}
        publication = ws.publish({key: value for key, value in written.items() if value is not None})
        assert publication.ok, publication.findings
    payload = {"value": text, text: {text: text}, "list": [text]}
    return [ws.start(f"w{number}", payload, key=text).wait(20) for number in range(4)]


def shown(ws: wfnb.Workspace, runs: list[wfnb.Run]) -> Iterator[tuple[str, Any]]:
    """Everything that objects show: cell outputs, texts and pictures, by a name for the message."""
    yield "workspace", repr(ws)
    yield "runs", ws.runs()
    for run in runs:
        debugger = run.debug().run_to_end()
        last = run.steps()[-1].seq
        yield from (
            ("run", run), ("steps", run.steps()), ("invocations", run.invocations()), ("waits", run.waits()), ("events", run.events()),
            ("snapshot", run.at(last)), ("diff", run.diff(0, last)), ("why", repr(run.why("vars.made"))), ("state", repr(run.state)),
            ("debugger", repr(debugger)), ("static", debugger.static_picture()), ("picture", run.picture()), ("timeline", run.timeline()),
            ("definition", ws.picture(run.workflow)), ("mark", repr(debugger.last)),
        )  # fmt: skip


def refused(ws: wfnb.Workspace, text: str) -> Iterator[tuple[str, Any]]:
    """Publications that are refused because of a text, and errors that quote it."""
    step = {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": 1}}}
    places = (
        {"id": text}, {"name": text * 300}, {"steps": [{**step, "id": text}]}, {"steps": [{**step, "type": text}]}, {text: text},
        {"steps": [{"id": "a", "type": "action.call", "config": {"actionId": text, "version": 1}}]}, {"payloadSchemaRef": text},
        {"steps": [{**step, "config": {"assign": {text: {"$expr": text}}}}]}, {"steps": [{**step, text: text}]},
        {"steps": [{"id": "a", "type": "control.forEach", "items": {"$expr": text}, "itemVar": text, "body": [step]}]},
        {"steps": [{"id": "a", "type": "control.if", "condition": {"$expr": text}, "then": text}]},
        {"trigger": {"type": text, "eventName": text}},
    )  # fmt: skip
    for place in places:
        publication = ws.publish({"id": "r", "name": "r", "steps": [step], **place})
        yield f"publication {list(place)}", publication
        yield from (("finding", str(finding)) for finding in publication.findings)
    yield "text", ws.publish(text)
    calls = (
        lambda: ws.start(text), lambda: ws.run(text), lambda: ws.picture(text), lambda: ws.run("run-0001").why(text),
        lambda: ws.start("w0", {"value": object(), text: object()}), lambda: ws.runs(text), lambda: ws.sql(text),
        lambda: ws.run("run-0001").debug().run_to(text), lambda: wfnb.open(store=text), lambda: wfnb.open(store="memory", clock=text),
    )  # fmt: skip
    for number, attempt in enumerate(calls):
        try:
            attempt()
        except WfnbError as error:
            yield f"error {number}", str(error)


def harm(thing: Any) -> list[str]:
    if isinstance(thing, str):
        return harm_in_svg(thing) if thing.startswith("<svg") else list(harm_in_text(thing))
    if hasattr(thing, "_repr_mimebundle_"):
        return harm_in_bundle(thing._repr_mimebundle_())
    return [*harm_in_text(repr(thing)), *harm_in_html(thing._repr_html_())]


@pytest.mark.parametrize("text", PAYLOADS, ids=ascii)
def test_whatever_is_shown_of_a_text_is_text(text: str, tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store="memory", clock="2026-01-01", seed=1) as ws:
        runs = story(ws, text)
        assert [run.status for run in runs] == ["SUCCEEDED", "FAILED", "FAILED", "FAILED"]
        found = {name: harm(thing) for name, thing in (*shown(ws, runs), *refused(ws, text)) if harm(thing)}
    assert found == {}


@pytest.mark.parametrize("text", [*TERMINAL, HTML[0], HTML[44], HTML[50]], ids=ascii)
def test_the_command_line_prints_text_only(text: str, tmp_path: Path) -> None:
    assert COMMANDS
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        runs = story(ws, text)
    (tmp_path / "bad.json").write_text(
        json.dumps({"id": text, "name": text, "steps": [{"id": text, "type": text}]})
    )
    for words in (["runs"], *(["show", run.id] for run in runs), ["run", str(tmp_path / "bad.json")]):
        for options in ([], ["--json"]):
            result = CliRunner().invoke(app, [*words, "-w", str(tmp_path), *options])
            assert result.exception is None or isinstance(result.exception, SystemExit | WfnbError)
            assert list(harm_in_text(result.output)) == []
            if options and words[0] != "run":
                check_json(json.loads(result.output), where="output")


def test_the_reader_of_pages_sees_harm() -> None:
    assert harm_in_html("<p onclick=x>")
    assert harm_in_html("<img src=http://x alt=a>")
    assert harm_in_html("<td style='color:red'>")
    assert harm_in_html("<b>\x1b</b>")
    assert harm_in_html("<b>fine</b>") == []
    assert harm_in_svg("<svg><script/></svg>")
    assert harm_in_svg("<svg onload='x'/>")
    assert harm_in_svg("<svg><style>a{b:url(x)}</style></svg>")
