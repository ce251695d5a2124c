"""Link a definition: look up what it names, compile its expressions, and make the program."""

from __future__ import annotations

from wfnb.expr import Profile
from wfnb.model.definition import (
    CallWorkflow,
    Definition,
    Expr,
    ForEach,
    If,
    NodeStep,
    Return,
    Step,
    TryCatch,
    blocks_of,
    walk_steps,
)
from wfnb.model.paths import ROOT, block_path, parse_target
from wfnb.model.policies import RetryPolicy
from wfnb.model.values import JsonValue, content_hash
from wfnb.registry.actions import Action
from wfnb.registry.nodes import ActionCall, Assign, NodeType, StateSet
from wfnb.registry.waits import EventWait, HumanTask, TimeWait
from wfnb.validate.catalog import Catalog
from wfnb.validate.program import ActionBinding, LinkedStep, Program, Target, WaitPlan
from wfnb.validate.template import Literal, Template, compile_template

__all__ = ["link"]


def link(definition: Definition, catalog: Catalog) -> Program:
    """Make the program of a definition without errors.

    Raises
    ------
    WfnbError
        When the definition was not validated against the same catalog first: links are not checked a second time.
    """
    linker = _Linker(catalog)
    blocks: dict[str, tuple[LinkedStep, ...]] = {ROOT: ()}
    steps: dict[str, list[LinkedStep]] = {ROOT: []}
    for path, step in walk_steps(definition.steps):
        steps.setdefault(path.rpartition(".steps[")[0], []).append(linker.step(path, step))
        for name in blocks_of(step):
            steps.setdefault(block_path(path, name), [])
    blocks = {block: tuple(inner) for block, inner in steps.items()}
    return Program(definition, content_hash(definition.to_json()), blocks)


class _Linker:
    """Links the steps of one definition."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._profile: Profile = catalog.profile

    def step(self, path: str, step: Step) -> LinkedStep:
        match step:
            case NodeStep():
                return self._node(path, step)
            case If():
                return self._control(path, step, "if", condition=self._expr(step.condition, "condition"))
            case ForEach():
                return self._control(
                    path, step, "forEach",
                    condition=self._expr(step.items, "items"),
                    item_var=step.item_var,
                    width=step.concurrency,
                    continue_on_item_error=step.on_item_error == "continue",
                )  # fmt: skip
            case TryCatch():
                captured = step.capture_error_as
                capture = parse_target(captured, default_scope="vars") if captured else None
                return self._control(path, step, "tryCatch", capture_as=capture)
            case CallWorkflow():
                return self._call_workflow(path, step)
            case Return():
                return self._control(path, step, "return")

    def _control(self, path: str, step: Step, kind: str, **facts: object) -> LinkedStep:
        blocks = {name: block_path(path, name) for name in blocks_of(step)}
        label = step.name or step.id
        return LinkedStep(path, step.id, step.type, kind, label, blocks=blocks, **facts)  # type: ignore[arg-type]  # facts are named by the callers above

    def _call_workflow(self, path: str, step: CallWorkflow) -> LinkedStep:
        return self._control(
            path, step, "callWorkflow",
            inputs=self._template(step.input_mapping, "inputMapping"),
            targets=tuple(
                Target(parse_target(name, default_scope="vars"), self._expr(expr, f"outputMapping.{name}"), name)
                for name, expr in step.output_mapping.items()
            ),
            child=(step.workflow_id, step.workflow_version),
            retry=step.retry,
            continue_on_error=step.on_error is not None and step.on_error.policy == "continue",
        )  # fmt: skip

    def _node(self, path: str, step: NodeStep) -> LinkedStep:
        node = self._catalog.nodes.get(step.type)
        if node is None:
            raise LookupError(step.type)
        if node.function is not None or node.shape is not None:
            return self._custom(path, step, node)
        match config := node.config_model.model_validate(step.config or {}):
            case StateSet():
                target = Target(("meta", "state"), Literal(config.state), "meta.state")
                return self._assign(path, step, (target,))
            case Assign():
                return self._assign(path, step, self._targets(config.assign))
            case ActionCall():
                return self._action(path, step, node, config)
            case EventWait() | TimeWait() | HumanTask():
                return self._pipe(
                    path, step, "wait",
                    wait=self._wait(config),
                    targets=self._targets(config.assign),
                    retry=step.retry,
                )  # fmt: skip
            case _:
                raise LookupError(step.type)

    def _targets(self, assign: dict[str, JsonValue]) -> tuple[Target, ...]:
        return tuple(
            Target(parse_target(name), self._template(value, f"assign.{name}"), name)
            for name, value in assign.items()
        )

    def _wait(self, config: EventWait | TimeWait | HumanTask) -> WaitPlan:
        match config:
            case EventWait():
                filters = tuple(f.model_dump(mode="json", exclude_unset=True) for f in config.filters)
                key = self._expr(config.correlation_key, "correlationKey")
                return WaitPlan("event", config.timeout_ms, config.event_name, key, filters)
            case TimeWait():
                return WaitPlan("time", config.duration_ms, until=self._text(config.until, "until"))
            case HumanTask():
                ref = config.form_schema_ref
                return WaitPlan(
                    "human",
                    config.timeout_ms,
                    task_type=config.task_type,
                    title=self._text(config.title, "title"),
                    description=self._text(config.description, "description"),
                    assignee=self._text(config.assignee, "assignee"),
                    context=self._template(config.context_data, "contextData"),
                    priority=config.priority,
                    form=self._catalog.schemas.json_schema(ref) if ref else config.form,
                )

    def _text(self, value: Expr | str | None, field: str) -> Template | None:
        """Text as it is, or an expression that gives it."""
        if value is None:
            return None
        return Literal(value) if isinstance(value, str) else self._expr(value, field)

    def _assign(self, path: str, step: NodeStep, targets: tuple[Target, ...]) -> LinkedStep:
        return self._pipe(path, step, "assign", targets=targets, retry=step.retry)

    def _action(self, path: str, step: NodeStep, node: NodeType, config: ActionCall) -> LinkedStep:
        action = self._catalog.actions.get(config.action_id, config.version)
        if action is None:
            raise LookupError(config.action_id)
        policy = step.on_error or config.on_error
        return self._pipe(
            path, step, "call",
            inputs=self._template({**config.args, **config.input_mapping}, "inputMapping"),
            key=self._expr(config.idempotency_key, "idempotencyKey") if config.idempotency_key else None,
            save_as=parse_target(config.save_as, default_scope="vars") if config.save_as else None,
            action=_binding(action),
            retry=_retry(step, action, node),
            continue_on_error=policy is not None and policy.policy == "continue",
        )  # fmt: skip

    def _custom(self, path: str, step: NodeStep, node: NodeType) -> LinkedStep:
        """A node that rests on an action, or one with a function of its own (registered as the action ``node:TYPE``)."""
        written = dict(step.config or {})
        defaults = {name: field.default for name, field in node.config_model.model_fields.items()}
        target = written.pop("saveAs", None) or defaults.get("save_as")
        name, version = node.shape.action if node.shape else (f"node:{node.name}", 1)
        action = self._catalog.actions.get(name, version)
        if action is None:
            raise LookupError(name)
        return self._pipe(
            path, step, "call",
            inputs=self._template(written, "config"),
            save_as=parse_target(str(target), default_scope="vars") if target else None,
            action=_binding(action),
            shape=node.shape,
            retry=_retry(step, action, node),
        )  # fmt: skip

    def _pipe(self, path: str, step: NodeStep, kind: str, **facts: object) -> LinkedStep:
        if "continue_on_error" not in facts:
            facts["continue_on_error"] = step.on_error is not None and step.on_error.policy == "continue"
        label = step.name or step.id
        return LinkedStep(path, step.id, step.type, kind, label, **facts)  # type: ignore[arg-type]  # facts are named by the callers above

    def _expr(self, expr: Expr, field: str) -> Template:
        return self._template({"$expr": expr.source}, field)

    def _template(self, value: JsonValue, field: str) -> Template:
        return compile_template(value, field=field, profile=self._profile)


def _retry(step: NodeStep, action: Action, node: NodeType) -> RetryPolicy | None:
    return step.retry or action.retry or node.default_retry


def _binding(action: Action) -> ActionBinding:
    return ActionBinding(action.id, action.version, action.side_effect, action.key_of)
