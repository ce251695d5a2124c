"""The part of a workspace for watching: metrics and alerts over its history."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wfnb.alerts.alerts import Alerts
    from wfnb.history.history import History

__all__ = ["Watching"]


class Watching:
    """The part of a workspace that watches."""

    @property
    def _watched(self) -> History:
        """Every run there ever was; a workspace has it."""
        raise NotImplementedError

    def metrics(self) -> str:
        """What a scraper such as Prometheus asks for: counters, gauges and histograms of all runs, as OpenMetrics text.

        Raises
        ------
        MissingExtraError
            Without prometheus-client (``wfnb[metrics]``).
        """
        from wfnb.metrics import exposition

        return exposition(self._watched)

    @cached_property
    def alerts(self) -> Alerts:
        """Rules that fire when too many runs fail, pile up or are tried again, and webhooks that are told.

        Raises
        ------
        MissingExtraError
            Without duckdb and pandas (``wfnb[history]``).
        """
        from wfnb.alerts.alerts import Alerts

        return Alerts(self._watched)
