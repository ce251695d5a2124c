-- The analyses of operations. Each takes $workflow and $since (UTC); NULL stands for all. Those that look at what is open take
-- $now as well; NULL stands for the newest moment that the history knows, which is the only "now" of simulated time.

-- name: success_rate
WITH ended AS (
    SELECT
        workflow,
        version,
        date_trunc('day', started_at)::TIMESTAMP AS day,
        count(*) AS runs,
        count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
        count(*) FILTER (WHERE status = 'FAILED') AS failed,
        count(*) FILTER (WHERE status = 'CANCELED') AS canceled
    FROM runs
    WHERE completed_at IS NOT NULL
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
    GROUP BY workflow, version, day
)
SELECT
    workflow,
    version,
    day,
    runs,
    succeeded,
    failed,
    canceled,
    round(succeeded / nullif(succeeded + failed, 0), 4) AS success_rate
FROM ended
ORDER BY workflow, version, day;

-- name: latency
-- An invocation keeps its last attempt only; the attempts at its step are all there.
WITH called AS (
    SELECT DISTINCT run_no, instance_path, action
    FROM invocations
    WHERE NOT shared AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
),
measured AS (
    SELECT 'step type' AS kind, type AS name, duration_ms
    FROM steps
    WHERE duration_ms IS NOT NULL
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
    UNION ALL
    SELECT 'action', called.action, steps.duration_ms
    FROM steps
    JOIN called ON called.run_no = steps.run_no AND called.instance_path = steps.instance_path
    WHERE steps.duration_ms IS NOT NULL
        AND ($since::TIMESTAMP IS NULL OR steps.started_at >= $since)
),
counted AS (
    SELECT
        kind,
        name,
        count(*) AS calls,
        quantile_cont(duration_ms, [0.5, 0.95, 0.99]) AS quantiles,
        max(duration_ms) AS longest,
        count(*) FILTER (WHERE duration_ms <= 10) AS to_10ms,
        count(*) FILTER (WHERE duration_ms > 10 AND duration_ms <= 100) AS to_100ms,
        count(*) FILTER (WHERE duration_ms > 100 AND duration_ms <= 1000) AS to_1s,
        count(*) FILTER (WHERE duration_ms > 1000 AND duration_ms <= 10000) AS to_10s,
        count(*) FILTER (WHERE duration_ms > 10000 AND duration_ms <= 60000) AS to_1min,
        count(*) FILTER (WHERE duration_ms > 60000) AS longer
    FROM measured
    GROUP BY kind, name
)
SELECT
    kind,
    name,
    calls,
    round(quantiles[1], 3) AS p50_ms,
    round(quantiles[2], 3) AS p95_ms,
    round(quantiles[3], 3) AS p99_ms,
    round(longest, 3) AS max_ms,
    to_10ms,
    to_100ms,
    to_1s,
    to_10s,
    to_1min,
    longer
FROM counted
ORDER BY kind, p95_ms DESC, name;

-- name: action_latency
-- An invocation keeps its last attempt only; the attempts at its step are all there.
WITH called AS (
    SELECT DISTINCT run_no, instance_path, action, action_version
    FROM invocations
    WHERE NOT shared AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
),
measured AS (
    SELECT
        called.action,
        called.action_version,
        count(*) AS calls,
        count(*) FILTER (WHERE steps.status IN ('FAILED', 'RETRY_SCHEDULED')) AS failed,
        quantile_cont(steps.duration_ms, [0.5, 0.95, 0.99]) AS quantiles,
        max(steps.duration_ms) AS longest,
        sum(steps.duration_ms) AS total
    FROM steps
    JOIN called ON called.run_no = steps.run_no AND called.instance_path = steps.instance_path
    WHERE steps.duration_ms IS NOT NULL
        AND ($since::TIMESTAMP IS NULL OR steps.started_at >= $since)
    GROUP BY called.action, called.action_version
)
SELECT
    action,
    action_version,
    calls,
    failed,
    round(quantiles[1], 3) AS p50_ms,
    round(quantiles[2], 3) AS p95_ms,
    round(quantiles[3], 3) AS p99_ms,
    round(longest, 3) AS max_ms,
    round(total, 3) AS total_ms
FROM measured
ORDER BY p95_ms DESC, action, action_version;

-- name: waits_by_type
WITH known AS (
    SELECT coalesce($now::TIMESTAMP, max(updated_at)) AS now FROM runs
),
counted AS (
    SELECT
        waits.workflow,
        waits.wait_type,
        count(*) FILTER (WHERE waits.status = 'WAITING') AS open,
        count(*) FILTER (WHERE waits.status = 'WAITING' AND waits.due_at < known.now) AS overdue,
        count(*) FILTER (WHERE waits.status = 'RESOLVED') AS resolved,
        count(*) FILTER (WHERE waits.status = 'CANCELED') AS canceled,
        quantile_cont(waits.duration_ms, [0.5, 0.95]) FILTER (WHERE waits.status = 'RESOLVED') AS quantiles,
        min((waits.opened_at, waits.run_id)) FILTER (WHERE waits.status = 'WAITING') AS oldest,
        any_value(known.now) AS now
    FROM waits
    CROSS JOIN known
    WHERE ($workflow::VARCHAR IS NULL OR waits.workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR waits.opened_at >= $since)
    GROUP BY waits.workflow, waits.wait_type
)
SELECT
    workflow,
    wait_type,
    open,
    overdue,
    resolved,
    canceled,
    round(quantiles[1], 3) AS p50_ms,
    round(quantiles[2], 3) AS p95_ms,
    round((epoch_us(now) - epoch_us(oldest[1])) / 1000.0, 3) AS oldest_open_ms,
    oldest[2] AS oldest_run
FROM counted
ORDER BY open DESC, workflow, wait_type;

-- name: takeovers
SELECT
    workflow,
    version,
    count(*) AS runs,
    count(*) FILTER (WHERE epoch > 0) AS taken_over,
    sum(epoch)::BIGINT AS takeovers,
    max(epoch) AS most,
    count(*) FILTER (WHERE epoch > 0 AND status = 'SUCCEEDED') AS recovered,
    count(*) FILTER (WHERE epoch > 0 AND status = 'FAILED') AS failed,
    max_by(run_id, (started_at, run_no)) FILTER (WHERE epoch > 0) AS last_run
FROM runs
WHERE ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
GROUP BY workflow, version
HAVING count(*) FILTER (WHERE epoch > 0) > 0
ORDER BY takeovers DESC, workflow, version;

-- name: error_categories
SELECT
    workflow,
    coalesce(error_category, 'unknown') AS error_category,
    coalesce(error_code, 'no code') AS error_code,
    count(*) AS errors,
    count(*) FILTER (WHERE status = 'RETRY_SCHEDULED') AS tried_again,
    count(*) FILTER (WHERE status <> 'RETRY_SCHEDULED' AND handled_by IS NOT NULL) AS handled,
    count(*) FILTER (WHERE status <> 'RETRY_SCHEDULED' AND handled_by IS NULL) AS not_handled,
    count(DISTINCT run_no) AS runs,
    max(ended_at) AS last_at,
    max_by(run_id, (ended_at, run_no)) AS last_run
FROM steps
WHERE status IN ('FAILED', 'RETRY_SCHEDULED')
    AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
GROUP BY workflow, coalesce(error_category, 'unknown'), coalesce(error_code, 'no code')
ORDER BY errors DESC, workflow, 2, 3;

-- name: backlog
WITH story AS (
    SELECT
        coalesce($since::TIMESTAMP, min(started_at)) AS first_at,
        greatest(coalesce($now::TIMESTAMP, max(updated_at)), max(updated_at)) AS last_at
    FROM runs
    WHERE $workflow::VARCHAR IS NULL OR workflow = $workflow
),
measure AS (
    SELECT first_at, last_at, span_s(epoch(last_at) - epoch(first_at)) AS width_s
    FROM story
    WHERE first_at <= last_at
),
grid AS (
    SELECT span.place, make_timestamp(span.place * width_s * 1000000) AS moment
    FROM measure, range(epoch(first_at)::BIGINT // width_s, epoch(last_at)::BIGINT // width_s + 1) AS span (place)
),
changes AS (
    SELECT started_at AS moment, 1 AS opened, 0 AS paused FROM runs
    WHERE $workflow::VARCHAR IS NULL OR workflow = $workflow
    UNION ALL
    SELECT completed_at, -1, 0 FROM runs
    WHERE completed_at IS NOT NULL AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    UNION ALL
    SELECT opened_at, 0, 1 FROM waits
    WHERE $workflow::VARCHAR IS NULL OR workflow = $workflow
    UNION ALL
    SELECT resolved_at, 0, -1 FROM waits
    WHERE resolved_at IS NOT NULL AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
),
levels AS (
    SELECT
        greatest(changes.moment, first_at) AS moment,
        epoch(greatest(changes.moment, first_at))::BIGINT // width_s AS place,
        sum(opened) OVER until_then AS backlog,
        sum(paused) OVER until_then AS waiting
    FROM changes, measure
    WINDOW until_then AS (ORDER BY greatest(changes.moment, first_at))
),
spans AS (
    SELECT place, arg_max(backlog, moment) AS backlog, arg_max(waiting, moment) AS waiting, max(backlog) AS peak
    FROM levels
    GROUP BY place
),
carried AS (
    SELECT
        grid.place,
        grid.moment,
        last_value(spans.backlog IGNORE NULLS) OVER so_far AS backlog,
        last_value(spans.waiting IGNORE NULLS) OVER so_far AS waiting,
        spans.peak
    FROM grid
    LEFT JOIN spans ON spans.place = grid.place
    WINDOW so_far AS (ORDER BY grid.place ROWS UNBOUNDED PRECEDING)
)
SELECT
    moment,
    greatest(backlog - waiting, 0)::BIGINT AS running,
    least(waiting, backlog)::BIGINT AS waiting,
    backlog::BIGINT AS backlog,
    greatest(coalesce(peak, 0), coalesce(lag(backlog) OVER (ORDER BY place), 0), backlog)::BIGINT AS peak
FROM carried
ORDER BY moment;

-- name: throughput
WITH story AS (
    SELECT
        coalesce($since::TIMESTAMP, min(started_at)) AS first_at,
        greatest(coalesce($now::TIMESTAMP, max(updated_at)), max(updated_at)) AS last_at
    FROM runs
    WHERE $workflow::VARCHAR IS NULL OR workflow = $workflow
),
measure AS (
    SELECT first_at, last_at, span_s(epoch(last_at) - epoch(first_at)) AS width_s
    FROM story
    WHERE first_at <= last_at
),
grid AS (
    SELECT span.place, width_s, make_timestamp(span.place * width_s * 1000000) AS moment
    FROM measure, range(epoch(first_at)::BIGINT // width_s, epoch(last_at)::BIGINT // width_s + 1) AS span (place)
),
starts AS (
    SELECT epoch(started_at)::BIGINT // width_s AS place, count(*) AS started
    FROM runs, measure
    WHERE started_at >= first_at AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    GROUP BY place
),
ends AS (
    SELECT
        epoch(completed_at)::BIGINT // width_s AS place,
        count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
        count(*) FILTER (WHERE status = 'FAILED') AS failed,
        count(*) FILTER (WHERE status = 'CANCELED') AS canceled
    FROM runs, measure
    WHERE completed_at >= first_at AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    GROUP BY place
)
SELECT
    grid.moment,
    coalesce(starts.started, 0) AS started,
    coalesce(ends.succeeded, 0) AS succeeded,
    coalesce(ends.failed, 0) AS failed,
    coalesce(ends.canceled, 0) AS canceled,
    round((coalesce(ends.succeeded, 0) + coalesce(ends.failed, 0) + coalesce(ends.canceled, 0)) * 3600 / grid.width_s, 3)
        AS ended_per_hour
FROM grid
LEFT JOIN starts ON starts.place = grid.place
LEFT JOIN ends ON ends.place = grid.place
ORDER BY grid.moment;

-- name: health
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY workflow, completed_at IS NULL ORDER BY completed_at DESC, run_no DESC) AS back
    FROM runs
    WHERE ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
),
counted AS (
    SELECT
        workflow,
        max(version) AS newest_version,
        count(*) AS runs,
        count(*) FILTER (WHERE completed_at IS NULL) AS open,
        count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
        count(*) FILTER (WHERE status = 'FAILED') AS failed,
        count(*) FILTER (WHERE back <= 20 AND status = 'SUCCEEDED') AS lately_succeeded,
        count(*) FILTER (WHERE back <= 20 AND status = 'FAILED') AS lately_failed,
        quantile_cont(duration_ms, 0.95) AS p95,
        max((completed_at, run_no, run_id, error_code)) FILTER (WHERE status = 'FAILED') AS last_failure
    FROM numbered
    GROUP BY workflow
)
SELECT
    workflow,
    newest_version,
    runs,
    open,
    failed,
    round(succeeded / nullif(succeeded + failed, 0), 4) AS success_rate,
    round(lately_succeeded / nullif(lately_succeeded + lately_failed, 0), 4) AS last_20_rate,
    round(p95, 3) AS p95_ms,
    date_trunc('second', last_failure[1]) AS last_failure_at,
    last_failure[3] AS last_failure_run,
    last_failure[4] AS last_error
FROM counted
ORDER BY last_20_rate, workflow;
