"""Every bound of wfnb in one place, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep one bad input from hurting the rest.

    Sizes are in bytes of UTF-8 JSON text unless the name says otherwise.
    """

    definition_size_bytes: int = 1_048_576  #: a definition is read by people; more is a mistake
    definition_depth: int = 64  #: nested JSON levels; below every parser's own recursion limit
    definition_steps: int = 5_000  #: steps in one definition; pictures and validation stay quick
    value_depth: int = 128  #: nested levels of any payload or result
    payload_size_bytes: int = 524_288  #: start payload (pipeline specification, 4.14)
    expression_length: int = 8_192  #: characters of one expression
    expression_depth: int = 64  #: nested brackets, checked before parsing
    expression_time_ms: float = 25.0  #: CPU time of one evaluation (pipeline specification, 4.14)
    expression_fuel: int = 200_000  #: elementary operations of one evaluation; the same on every machine
    expression_output_bytes: int = 262_144  #: result of one evaluation (pipeline specification, 4.14)
    expression_sequence: int = 100_000  #: items of one sequence inside an evaluation
    expression_string: int = 1_000_000  #: characters of one string inside an evaluation
    snapshot_size_bytes: int = 262_144  #: what people are shown of a state (specification, 4.13)
    child_depth: int = 16  #: workflows that call workflows
    checkpoint_every: int = 200  #: macrosteps between full checkpoints: state at any step stays quick
    checkpoint_size_bytes: int = 16_384  #: a state of twice this size is stored half as often
    checkpoint_stride: int = 6  #: at most this many times as seldom: state at any step stays below 50 ms
    notebook_size_bytes: int = 33_554_432  #: a notebook whose cells are looked through for workflows
    workflow_files: int = 10_000  #: files that one folder of workflows may hold
    bundle_size_bytes: int = 33_554_432  #: a bundle is read at once; this holds thousands of versions
    log_context_bytes: int = 65_536  #: the context of one log line (specification, 4.14)
    log_message_chars: int = 4_000  #: a log line is a sentence; what is longer belongs into its context
    cron_length: int = 128  #: characters of a cron expression (specification, 4.14)
    catch_up_runs: int = 1_000  #: firings of one schedule that are made up for after downtime
    late_ms: int = 60_000  #: a firing that comes later than this was missed
    runs_at_once: int = 1_000  #: runs that a kernel drives at once; the rest waits in the tables for room
    worker_beat_ms: int = 5_000  #: a worker says that it lives; after three beats of silence it is lost
    worker_kept_days: int = 7  #: workers of whom nothing was heard for so long are listed no more
    queue_counted: int = 100_000  #: runs in the queue that are counted; what is beyond makes no difference
    swept_at_once: int = 1_000  #: lost runs that one sweep puts back into the queue; the next one comes soon
    lease_ms: int = 30_000  #: a run's owner must renew before this (specification, 4.14)
    simulation_steps: int = 500  #: steps of one simulation unless more are asked for (specification, 4.14)
    simulation_steps_most: int = 5_000  #: steps that may be asked for (specification, 4.14)
    simulation_iterations: int = 100  #: items of one loop in a simulation unless more are asked for (4.14)
    simulation_iterations_most: int = 1_000  #: items of one loop that may be asked for (specification, 4.14)
    simulation_time_ms: int = 5_000  #: CPU time of one simulation unless more is asked for (4.14)
    simulation_time_most_ms: int = 30_000  #: CPU time that may be asked for (specification, 4.14)
    pack_size_bytes: int = 67_108_864  #: a packed run is read at once; this holds very long ones
    pack_content_bytes: int = 536_870_912  #: what a pack unfolds to; more is no run that somebody sends
    pack_files: int = 20_000  #: files in a pack: two pictures for each run
    why_depth: int = 64  #: steps back from one value: what is behind is asked for with an earlier `at`
    why_causes: int = 1_000  #: values in one answer to “why”: more is no answer
    secret_size_bytes: int = 65_536  #: the value of a secret (specification, 4.14)
    secret_stale_days: int = 90  #: days without a use or a new value (specification, 4.15)
    backtest_batch: int = 1_000  #: run numbers in one batch of a backtest: half a second of work
    retrace_macrosteps: int = 10_000  #: of a replay that goes another way, beside ten for each recorded one
    query_time_ms: int = 30_000  #: one history question
    webhook_time_ms: int = 5_000  #: one message to a webhook, from looking up its name to its answer
    query_rows: int = 1_000_000  #: rows one history question may return


LIMITS = Limits()
