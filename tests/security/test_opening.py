"""Opening a workspace and reading what somebody else wrote runs none of it (audit events of the interpreter tell)."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import wfnb

HOSTILE: dict[str, Any] = {
    "os.system as an action": {"id": "a", "type": "action.call", "config": {"actionId": "os.system", "version": 1, "inputMapping": {"command": "touch pwned"}}},
    "os.system as a type": {"id": "a", "type": "os.system", "config": {"command": "touch pwned"}},
    "a module as a type": {"id": "a", "type": "canary_module:run", "config": {}},
    "import in an expression": {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "__import__('canary_module')"}}}},
    "eval in an expression": {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "$eval('1')"}}}},
    "dunder in a path": {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "payload.__class__.__mro__"}}}},
    "a lambda": {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "(function($x){$x})(1)"}}}},
    "prototype": {"id": "a", "type": "transform.assign", "config": {"assign": {"__proto__.polluted": 1}}},
    "a secret": {"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$secret": "file:///etc/passwd"}}}},
    "a child from elsewhere": {"id": "a", "type": "control.callWorkflow", "workflowId": "../../canary_module", "workflowVersion": 1},
    "a template": {"id": "a", "type": "state.set", "config": {"state": "{{ ''.__class__ }} ${jndi:ldap://x} $(touch pwned) `touch pwned`"}},
}  # fmt: skip
TEXTS = {
    "python tag": "id: !!python/object/apply:os.system ['touch pwned']\nname: x\nsteps: []",
    "python module tag": "!!python/module:canary_module",
    "python name tag": "id: !!python/name:os.system",
    "merge bomb": "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]",
    "binary": "id: !!binary aGk=",
}
UNIX_PAIR = (
    f", {socket.AF_UNIX:d}, {socket.SOCK_STREAM:d}, 0)"  # how the audit shows half a pair inside the process
)
SCHEMA_REFS = ["canary_module.Model", "file:///etc/passwd", "http://127.0.0.1:9/x"]

# What a process does while it opens, validates, publishes, draws and steps; written by the audit hook, event by event.
SCRIPT = r"""
import json, os, sys
folder, job = sys.argv[1], json.loads(sys.stdin.read())
sys.path.insert(0, os.path.join(folder, "path"))  # a module lies there that nobody may import
import wfnb, wfnb.debugger, wfnb.pictures, wfnb.ui.debugger, wfnb.cli.main  # what is imported on first use is not what is looked for
from wfnb.viz import mpl
def work(ws, folder):
    seen = []
    for written in job["definitions"]:
        seen.append([finding.code for finding in ws.validate(written) if finding.severity == "error"])
        publication = ws.publish(written)
        repr(publication), publication._repr_mimebundle_()
        if publication.ok:
            ws.picture(publication.workflow).svg
            run = ws.start(publication.workflow, {"x": 1})
            run.wait(20)
            run._repr_mimebundle_(), run.timeline().svg, run.steps()._repr_html_(), run.debug().step().view()
    return seen
warm = os.path.join(folder, "warm")
with wfnb.open(warm) as ws:  # lazy imports and compiled expressions of wfnb itself happen here, on harmless input
    ws.publish({"id": "a", "name": "a", "steps": [{"id": "a", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "1 + 1"}}}}]})
    ws.validate("id: a"), ws.publish("- a"), ws.publish("{")
    run = ws.start("a").wait(20)
    run._repr_mimebundle_(), run.timeline().svg, run.steps()._repr_html_(), run.debug().step().view(), ws.picture("a").svg
    ws.publish({"id": "b", "name": "b", "steps": [{"id": "a", "type": "nope"}]})._repr_mimebundle_()
events, on = [], False
def hook(event, args):
    if not on: return
    if event == "open":
        events.append((event, str(args[0])))
    elif event == "import":
        events.append((event, str(args[0])))
    elif event in ("exec", "compile"):
        code = args[0] if event == "exec" else args[1]
        events.append((event, str(getattr(code, "co_filename", code))))
    elif event.split(".")[0] in ("subprocess", "socket", "ctypes", "pty", "urllib", "shutil", "ftplib", "smtplib", "pickle", "marshal", "webbrowser", "sqlite3") or event in ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.putenv"):
        events.append((event, str(args)[:200]))
sys.addaudithook(hook)
on = True
with wfnb.open(os.path.join(folder, "ws")) as ws:
    findings = work(ws, folder)
on = False
print(json.dumps({"events": events, "findings": findings}))
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened while hostile definitions were opened, checked, published, drawn, run and stepped through."""
    folder = tmp_path_factory.mktemp("opening")
    (folder / "path").mkdir()
    (folder / "path" / "canary_module.py").write_text(
        "open('pwned', 'w')\nclass Model: pass\ndef run(*_): pass\n"
    )
    steps = {
        name: {"id": f"w{n}", "name": name, "steps": [step]} for n, (name, step) in enumerate(HOSTILE.items())
    }
    refs = {ref: {"id": f"r{n}", "name": ref, "payloadSchemaRef": ref, "steps": [{"id": "a", "type": "control.return"}]}
            for n, ref in enumerate(SCHEMA_REFS)}  # fmt: skip
    cases = steps | TEXTS | refs
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], input=json.dumps({"definitions": list(cases.values())}),
        capture_output=True, text=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    result["folder"] = folder
    result["findings"] = dict(zip(cases, result["findings"], strict=True))
    return result


def of(report: dict[str, Any], kind: str) -> Counter[str]:
    return Counter(text for event, text in report["events"] if event == kind)


def test_the_hook_sees_what_happens(report: dict[str, Any]) -> None:
    assert any(name.endswith("state.sqlite") for name in of(report, "open"))
    probe = (
        "import sys; seen = []; sys.addaudithook(lambda event, args: seen.append(event)); import tabnanny;"
        "exec('1'); open('/dev/null').close(); print({'import', 'open', 'exec', 'compile'} <= set(seen))"
    )
    told = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "True"


def test_nothing_that_was_named_is_imported(report: dict[str, Any]) -> None:
    own = ("wfnb", "_strptime", "encodings", "unicodedata")
    foreign = {name for name in of(report, "import") if name.partition(".")[0] not in own}
    assert foreign == set()


def test_no_text_that_was_given_is_compiled_or_executed(report: dict[str, Any]) -> None:
    made_up = {name for kind in ("exec", "compile") for name in of(report, kind) if not name.endswith(".py")}
    assert {name for name in made_up if not name.startswith("<frozen")} == set()


def test_no_process_is_started_and_no_socket_opened(report: dict[str, Any]) -> None:
    """But for the pair of sockets by which an event loop wakes itself, and the name of this machine."""
    own = {"open", "import", "exec", "compile", "socket.gethostname"}
    others = [(event, text) for event, text in report["events"] if event not in own]
    assert [
        text for event, text in others if (event, text.endswith(UNIX_PAIR)) != ("socket.__new__", True)
    ] == []


def test_no_file_outside_the_workspace_is_opened(report: dict[str, Any]) -> None:
    """Python's own files are; modules and time zones lie beside the interpreter, the age of a process in /proc."""
    inside = str(report["folder"] / "ws")
    known = (inside, sys.prefix, sys.base_prefix, "/proc/", str(Path(wfnb.__file__).parent))
    assert {name for name in of(report, "open") if not name.startswith(known)} == set()
    assert not list(report["folder"].rglob("pwned"))


def test_what_cannot_be_run_is_a_finding(report: dict[str, Any]) -> None:
    harmless = {"dunder in a path", "a template"}  # a path into data, and text: nothing is interpreted
    assert {name for name, codes in report["findings"].items() if not codes} == harmless
