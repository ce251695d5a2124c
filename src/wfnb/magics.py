"""Magics: ``%%workflow``, ``%%wfsql`` and ``%wf``, thin over the workspace of the notebook."""

from __future__ import annotations

import keyword
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from wfnb.errors import NotFoundError, WfnbError
from wfnb.publication import Publication
from wfnb.security.escape import visible
from wfnb.validate.findings import nearest
from wfnb.workspace import Workspace

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["WorkflowMagics", "load"]

_HELP = """%wf workflows            published workflows
%wf runs [STATUS]        runs, newest first
%wf show RUN             one run and its picture
%wf debug RUN            step through a run
%wf picture WORKFLOW     the pipeline of a workflow
%%workflow NAME          a definition in a cell: checked, published, drawn
%%wfsql [NAME]           a question to the history; the answer also goes into NAME"""


@magics_class
class WorkflowMagics(Magics):
    """The magics of wfnb. They work on the workspace that the notebook keeps in a variable, ``ws`` first."""

    @cell_magic
    def workflow(self, line: str, cell: str) -> Publication:
        """``%%workflow NAME``: check, publish and draw the definition in this cell; the answer goes into NAME."""
        name = _variable(line)
        publication = self._workspace().publish(cell)
        self._keep(name, publication)
        return publication

    @cell_magic
    def wfsql(self, line: str, cell: str) -> Any:
        """``%%wfsql [NAME]``: ask the history; ``$name`` in the query is the notebook's variable of that name."""
        name = _variable(line)
        frame = self._workspace().sql(cell, **self._parameters(cell))
        self._keep(name, frame)
        return frame

    @line_magic
    def wf(self, line: str) -> Any:
        """``%wf``: look at workflows and runs; without arguments it says what it can do."""
        words = _words(line)
        if not words:
            print(_HELP)  # noqa: T201 - a magic without a value speaks by printing
            return None
        if words[0] not in _COMMANDS:
            hint = nearest(words[0], _COMMANDS) or _HELP
            raise NotFoundError(f"%wf has no command “{visible(words[0], 80)}”.", hint=hint)
        command, least, most = _COMMANDS[words[0]]
        if not least <= len(words) - 1 <= most:
            raise WfnbError(f"%wf {words[0]} was given the wrong number of words.", hint=_HELP)
        return command(self._workspace(), *words[1:])

    def _workspace(self) -> Workspace:
        names = self._names()
        candidates = [names.get("ws"), *names.values()]
        found = next((value for value in candidates if isinstance(value, Workspace)), None)
        if found is None:
            raise NotFoundError("This notebook has no workspace yet.", hint="Run: ws = wfnb.open()")
        return found

    def _names(self) -> dict[str, Any]:
        names: dict[str, Any] = self.shell.user_ns if self.shell is not None else {}
        return names

    def _keep(self, name: str, value: Any) -> None:
        if name:
            self._names()[name] = value

    def _parameters(self, query: str) -> dict[str, Any]:
        names = self._names()
        return {name: names[name] for name in _dollar_names(query) if name in names}


_COMMANDS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "workflows": (lambda ws: ws.workflows(), 0, 0),
    "runs": (lambda ws, *status: ws.runs(status or None), 0, 6),
    "show": (lambda ws, run: ws.run(run), 1, 1),
    "debug": (lambda ws, run: ws.run(run).debug(), 1, 1),
    "picture": (lambda ws, workflow: ws.picture(workflow), 1, 1),
}
"""What a word does, and how many words may follow it."""


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        raise WfnbError("A quotation mark is not closed.", where="%wf", hint=_HELP) from None


def _variable(line: str) -> str:
    """The name after a cell magic, or nothing; looked at before anything is done."""
    name = line.strip()
    if name and (not name.isidentifier() or keyword.iskeyword(name)):
        raise WfnbError(
            f"“{visible(name, 80)}” is not a name for a variable.",
            hint="Use letters, digits and underscores.",
        )
    return name


# Texts, quoted names and comments are passed over: a dollar in them is a dollar.
_DOLLAR = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)


def _dollar_names(query: str) -> set[str]:
    return {found["name"] for found in _DOLLAR.finditer(query) if found["name"]}


def load(ipython: InteractiveShell) -> None:
    """Register the magics with a shell."""
    ipython.register_magics(WorkflowMagics)
