"""Apps: functions that tell a workspace what a worker may call, named as ``module:function``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfnb.errors import DefinitionError, NotFoundError
from wfnb.security.escape import visible

__all__ = ["load_app"]


def load_app(name: str, folder: Path | None = None) -> Callable[[Any], object]:
    """The function that an app's name stands for.

    Modules come from what is installed, and from `folder` when one is given: that is looked at last, so that nothing in it takes
    the place of an installed module. The current folder is never looked at by itself.

    Parameters
    ----------
    name
        ``module:function``.
    folder
        Where modules of one's own are.

    Raises
    ------
    DefinitionError
        ``NO_APP`` for a name of another form.
    NotFoundError
        ``NO_SUCH_APP``.

    Examples
    --------
    >>> load_app("wfnb.maildesk.inbox:connect").__name__
    'connect'
    """
    module, _, function = name.partition(":")
    if not module or not function:
        raise DefinitionError(
            f"“{visible(name, 80)}” is not the name of an app.",
            code="NO_APP",
            where="--app",
            hint="Say module:function; the function gets the workspace and registers actions.",
        )
    if folder is not None:
        sys.path.append(str(folder.resolve()))
    try:
        found: Callable[[Any], object] | None = getattr(importlib.import_module(module), function, None)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the app is there; what it imports is not
        found = None
    if not callable(found):
        raise NotFoundError(
            f"There is no app {visible(name, 80)}.",
            code="NO_SUCH_APP",
            where="--app",
            hint="Install its module, or say --app-dir FOLDER; the current folder is not searched by itself.",
        )
    return found
