-- The figures that alert rules judge: one row for each workflow, for the time $window_us before $now; without $now, before the
-- newest moment that the history knows. "number" is how many runs or executions the value was counted from.

-- name: failure_rate
WITH known AS (
    SELECT coalesce($now::TIMESTAMP, max(updated_at)) AS until FROM runs
)
SELECT
    runs.workflow,
    count(*) FILTER (WHERE runs.status = 'FAILED') / count(*) AS value,
    count(*) AS number,
    max_by(runs.run_id, (runs.completed_at, runs.run_no)) FILTER (WHERE runs.status = 'FAILED') AS run,
    NULL::VARCHAR AS place,
    epoch_us(any_value(known.until)) AS until_us
FROM runs
CROSS JOIN known
WHERE runs.status IN ('SUCCEEDED', 'FAILED')
    AND ($workflow::VARCHAR IS NULL OR runs.workflow = $workflow)
    AND runs.completed_at <= known.until
    AND runs.completed_at > known.until - to_microseconds($window_us::BIGINT)
GROUP BY runs.workflow
ORDER BY runs.workflow;

-- name: backlog_growth
WITH known AS (
    SELECT
        coalesce($now::TIMESTAMP, max(updated_at)) AS until,
        coalesce($now::TIMESTAMP, max(updated_at)) - to_microseconds($window_us::BIGINT) AS since
    FROM runs
),
seen AS (
    SELECT
        runs.*,
        known.until,
        runs.completed_at IS NULL OR runs.completed_at > known.until AS open_now,
        runs.started_at <= known.since AS open_then
    FROM runs
    CROSS JOIN known
    WHERE ($workflow::VARCHAR IS NULL OR runs.workflow = $workflow)
        AND runs.started_at <= known.until
        AND (runs.completed_at IS NULL OR runs.completed_at > known.since)
)
SELECT
    workflow,
    (count(*) FILTER (WHERE open_now) - count(*) FILTER (WHERE open_then))::DOUBLE AS value,
    count(*) FILTER (WHERE open_now) AS number,
    min_by(run_id, (started_at, run_no)) FILTER (WHERE open_now) AS run,
    NULL::VARCHAR AS place,
    epoch_us(any_value(until)) AS until_us
FROM seen
GROUP BY workflow
ORDER BY workflow;

-- name: repeated_retries
WITH known AS (
    SELECT coalesce($now::TIMESTAMP, max(updated_at)) AS until FROM runs
),
executions AS (
    SELECT steps.workflow, steps.run_id, steps.instance_path, count(*) AS retries, any_value(known.until) AS until
    FROM steps
    CROSS JOIN known
    WHERE steps.status = 'RETRY_SCHEDULED'
        AND ($workflow::VARCHAR IS NULL OR steps.workflow = $workflow)
        AND steps.ended_at <= known.until
        AND steps.ended_at > known.until - to_microseconds($window_us::BIGINT)
    GROUP BY steps.workflow, steps.run_id, steps.instance_path
)
SELECT
    workflow,
    max(retries)::DOUBLE AS value,
    count(*) AS number,
    max_by(run_id, (retries, run_id, instance_path)) AS run,
    max_by(instance_path, (retries, run_id, instance_path)) AS place,
    epoch_us(any_value(until)) AS until_us
FROM executions
GROUP BY workflow
ORDER BY workflow;
