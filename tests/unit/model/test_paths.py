"""Places: definition paths, instance paths, targets and pointers."""

from __future__ import annotations

import pytest

from wfnb.errors import ValidationError
from wfnb.model.paths import block_path, definition_path, parse_pointer, parse_target, pointer, step_path


@pytest.mark.behaviour(27)
def test_paths_of_steps_and_blocks_read_from_the_root() -> None:
    assert step_path(block_path(step_path("root", 2), "body"), 1) == "root.steps[2].body.steps[1]"


@pytest.mark.behaviour(27)
@pytest.mark.parametrize(
    ("instance", "path"),
    [
        ("root.steps[0]", "root.steps[0]"),
        ("root.steps[2].body{13}.steps[1].body{0}.steps[4]", "root.steps[2].body.steps[1].body.steps[4]"),
    ],
)
def test_an_instance_path_without_its_iterations_is_the_definition_path(instance: str, path: str) -> None:
    assert definition_path(instance) == path


@pytest.mark.behaviour(18)
@pytest.mark.parametrize(
    ("target", "scope", "path"),
    [
        ("payload.a.b", None, ("payload", "a", "b")),
        ("meta.state", None, ("meta", "state")),
        ("error.x", None, ("error", "x")),
        ("/a/b~1c/~0", None, ("payload", "a", "b/c", "~")),
        ("ticket", "vars", ("vars", "ticket")),
        ("ticket.id", "vars", ("vars", "ticket", "id")),
        ("payload.x", "vars", ("payload", "x")),
    ],
)
def test_targets_name_a_place_in_the_envelope(target: str, scope: str | None, path: tuple[str, ...]) -> None:
    assert parse_target(target, default_scope=scope) == path


@pytest.mark.behaviour(17)
@pytest.mark.parametrize("target", ["", ".", "x", "vars", "vars.", "vars..a", "run.id", "/", "/a//b", "vars.__proto__", "payload.prototype.x", "/constructor"])  # fmt: skip
def test_other_targets_are_refused(target: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_target(target)
    assert caught.value.code == "INVALID_ASSIGN_PATH"


@pytest.mark.parametrize("path", [(), ("a",), ("a/b", "~", "", "0")])
def test_a_pointer_comes_back(path: tuple[str, ...]) -> None:
    assert parse_pointer(pointer(path)) == path
