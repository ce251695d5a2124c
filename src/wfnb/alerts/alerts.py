"""The alerts of a workspace: rules that are kept in code, asked of the history, and told to webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from wfnb.alerts.rules import Alert, Figure, Rule, evaluate, make_rule
from wfnb.alerts.webhook import Delivery, Webhook
from wfnb.history.history import History
from wfnb.history.statements import statement
from wfnb.tables import Rows

__all__ = ["Alerts"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Alerts:
    """Rules, and whom to tell. They live as long as the workspace is open: write them into the notebook or the program.

    Parameters
    ----------
    history
        What the rules are asked of.

    Examples
    --------
    >>> import wfnb
    >>> with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
    ...     rule = ws.alerts.add("failure rate", threshold=0.5, window="1 h")
    ...     ws.alerts.check()
    (no rows)
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._rules: dict[str, Rule] = {}
        self._webhooks: list[Webhook] = []
        self._told: set[tuple[str, str]] = set()

    @property
    def rules(self) -> Rows[Rule]:
        """The rules, in the order in which they were added."""
        return Rows(self._rules.values(), columns=("name", "workflow", "condition"))

    def add(
        self,
        kind: str,
        *,
        workflow: str | None = None,
        threshold: float,
        window: timedelta | str = "1 h",
        name: str | None = None,
        least: int = 5,
    ) -> Rule:
        """Add a rule; one of the same name is replaced.

        Parameters
        ----------
        kind
            ``"failure rate"`` (part of the runs that ended in the window, 0 to 1), ``"backlog growth"`` (how many more runs are
            open than at the beginning of the window) or ``"repeated retries"`` (how often one step of one run was tried again).
        workflow
            Only this workflow; without it each workflow is judged by itself.
        threshold
            The rule fires when the figure reaches it.
        window
            Such as ``"15 min"``, ``"1 h"``, ``"7 d"``, or a timedelta.
        name
            For the alert; made of the kind and the workflow when absent.
        least
            A failure rate of fewer runs than that does not count.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT``.
        """
        rule = make_rule(kind, workflow=workflow, threshold=threshold, window=window, name=name, least=least)
        self._rules[rule.name] = rule
        return rule

    def remove(self, name: str) -> bool:
        """Remove a rule; False when there is none of this name."""
        return self._rules.pop(name, None) is not None

    def check(self) -> Rows[Alert]:
        """The rules that fire now, by rule and workflow. Nobody is told."""
        found = (alert for rule in self._rules.values() for alert in self._fired(rule))
        return Rows(
            found, columns=("rule", "workflow", "run", "at", "message")
        )  # the message has the numbers

    def webhook(self, url: str, *, allow_private: bool = False) -> Webhook:
        """Tell this address, too, whenever `notify` is called.

        Parameters
        ----------
        url, allow_private
            As for `wfnb.alerts.webhook.Webhook`.

        Raises
        ------
        ValidationError
            ``WEBHOOK_REFUSED``.
        """
        receiver = Webhook(url, allow_private=allow_private)
        self._webhooks.append(receiver)
        return receiver

    def notify(self) -> Rows[Delivery]:
        """Check, and tell every webhook what fires and was not told before; what became of each message.

        An alert that stops firing is told again when it fires anew. What could not be delivered anywhere is tried again
        next time. Sending never raises.
        """
        fired = self.check()
        self._told &= {(alert.rule, alert.workflow) for alert in fired}
        news = [alert for alert in fired if (alert.rule, alert.workflow) not in self._told]
        deliveries = [webhook.send(news) for webhook in self._webhooks] if news else []
        if any(delivery.ok for delivery in deliveries):
            self._told |= {(alert.rule, alert.workflow) for alert in news}
        return Rows(deliveries, columns=[field.name for field in fields(Delivery)])

    def _fired(self, rule: Rule) -> Iterator[Alert]:
        now_us = self._history.now_us
        frame = self._history.sql(
            statement("alerts", rule.kind),
            workflow=rule.workflow,
            window_us=rule.window // timedelta(microseconds=1),
            now=None if now_us is None else (_EPOCH + timedelta(microseconds=now_us)).replace(tzinfo=None),
        )
        for row in frame.to_dict("records"):
            run, place = (row[name] if isinstance(row[name], str) else None for name in ("run", "place"))
            figure = Figure(
                row["workflow"], float(row["value"]), int(row["number"]), run, place, int(row["until_us"])
            )
            alert = evaluate(rule, figure)
            if alert is not None:
                yield alert
