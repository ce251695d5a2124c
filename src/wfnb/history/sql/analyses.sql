-- The named analyses. Each takes $workflow and $since (UTC); NULL stands for all.

-- name: duration_by_step
WITH measured AS (
    SELECT
        workflow,
        step_id,
        type,
        count(*) AS attempts,
        quantile_cont(duration_ms, [0.5, 0.95]) AS quantiles,
        max(duration_ms) AS longest,
        sum(duration_ms) AS total
    FROM steps
    WHERE duration_ms IS NOT NULL
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
    GROUP BY workflow, step_id, type
)
SELECT
    workflow,
    step_id,
    type,
    attempts,
    round(quantiles[1], 3) AS p50_ms,
    round(quantiles[2], 3) AS p95_ms,
    round(longest, 3) AS max_ms,
    round(total, 3) AS total_ms
FROM measured
ORDER BY p95_ms DESC, workflow, step_id, type;

-- name: failure_rate_by_version
WITH counted AS (
    SELECT
        workflow,
        version,
        count(*) AS runs,
        count(*) FILTER (WHERE status = 'FAILED') AS failed,
        count(*) FILTER (WHERE status = 'FAILED') / count(*) AS rate
    FROM runs
    WHERE status IN ('SUCCEEDED', 'FAILED')
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
    GROUP BY workflow, version
),
-- Wilson's interval: honest also for a version with three runs.
spread AS (
    SELECT
        counted.*,
        (rate + 1.9208 / runs) / (1 + 3.8416 / runs) AS middle,
        1.96 * sqrt(rate * (1 - rate) / runs + 0.9604 / (runs * runs)) / (1 + 3.8416 / runs) AS reach
    FROM counted
)
SELECT
    workflow,
    version,
    runs,
    failed,
    round(rate, 4) AS failure_rate,
    round(greatest(0, middle - reach), 4) AS low,
    round(least(1, middle + reach), 4) AS high
FROM spread
ORDER BY workflow, version;

-- name: slowest_paths
WITH taken AS MATERIALIZED (
    SELECT
        run_no,
        min(seq) AS first_seq,
        CASE WHEN status = 'FAILED' OR handled_by IS NOT NULL THEN step_id || ' failed' ELSE step_id || '=' || branch END
            AS turn
    FROM steps
    WHERE (branch IN ('then', 'else') OR status = 'FAILED' OR handled_by IS NOT NULL)
        AND status <> 'RETRY_SCHEDULED'
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
    GROUP BY run_no, turn
),
-- Runs are grouped by a number that stands for all their turns, whatever their order: only one run of a group has its path
-- written out, not all of them.
marked AS (
    SELECT run_no, sum(hash(turn)) AS mark
    FROM taken
    GROUP BY run_no
),
measured AS (
    SELECT
        runs.workflow,
        marked.mark,
        count(*) AS runs,
        quantile_cont(runs.duration_ms, [0.5, 0.95]) AS quantiles,
        max((runs.duration_ms, -runs.run_no)) AS slowest
    FROM runs
    LEFT JOIN marked ON marked.run_no = runs.run_no
    WHERE runs.duration_ms IS NOT NULL
        AND ($workflow::VARCHAR IS NULL OR runs.workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR runs.started_at >= $since)
    GROUP BY runs.workflow, marked.mark
),
paths AS (
    SELECT run_no, string_agg(turn, ' → ' ORDER BY first_seq, turn) AS path
    FROM taken
    WHERE run_no IN (SELECT -slowest[2] FROM measured)
    GROUP BY run_no
)
SELECT
    measured.workflow,
    coalesce(paths.path, 'no branch') AS path,
    measured.runs,
    round(measured.quantiles[1], 3) AS p50_ms,
    round(measured.quantiles[2], 3) AS p95_ms,
    round(measured.slowest[1], 3) AS max_ms,
    runs.run_id AS slowest_run
FROM measured
JOIN runs ON runs.run_no = -measured.slowest[2]
LEFT JOIN paths ON paths.run_no = runs.run_no
ORDER BY p95_ms DESC, measured.workflow, path;

-- name: retries
WITH executions AS (
    SELECT
        run_no,
        workflow,
        step_id,
        instance_path,
        max(attempt) AS attempts,
        arg_max(status, attempt) AS status
    FROM steps
    WHERE (attempt > 1 OR status = 'RETRY_SCHEDULED')
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
    GROUP BY run_no, workflow, step_id, instance_path
),
lost AS (
    SELECT run_no, instance_path, sum(duration_ms) AS waited_ms
    FROM waits
    WHERE wait_type = 'retry'
    GROUP BY run_no, instance_path
)
SELECT
    executions.workflow,
    executions.step_id,
    count(*) AS retried,
    count(*) FILTER (WHERE executions.status = 'SUCCEEDED') AS recovered,
    count(*) FILTER (WHERE executions.status IN ('FAILED', 'CANCELED')) AS gave_up,
    sum(executions.attempts)::BIGINT AS attempts,
    max(executions.attempts) AS most_attempts,
    round(coalesce(sum(lost.waited_ms), 0), 3) AS waited_ms
FROM executions
LEFT JOIN lost ON lost.run_no = executions.run_no AND lost.instance_path = executions.instance_path
GROUP BY executions.workflow, executions.step_id
ORDER BY waited_ms DESC, executions.workflow, executions.step_id;

-- name: before_failures
WITH failures AS (
    SELECT run_no, run_id, workflow, error_category, error_code, completed_at
    FROM runs
    WHERE status = 'FAILED'
        AND ($workflow::VARCHAR IS NULL OR workflow = $workflow)
        AND ($since::TIMESTAMP IS NULL OR started_at >= $since)
),
numbered AS (
    SELECT
        run_no,
        step_id,
        row_number() OVER (PARTITION BY run_no ORDER BY seq DESC) AS back
    FROM steps
    WHERE status <> 'RETRY_SCHEDULED' AND run_no IN (SELECT run_no FROM failures)
),
endings AS (
    SELECT
        run_no,
        max(step_id) FILTER (WHERE back = 1) AS failed_step,
        string_agg(step_id, ' → ' ORDER BY back DESC) FILTER (WHERE back BETWEEN 2 AND 4) AS before
    FROM numbered
    WHERE back <= 4
    GROUP BY run_no
)
SELECT
    failures.workflow,
    coalesce(endings.before, 'the start') AS before,
    coalesce(endings.failed_step, 'no step') AS failed_step,
    failures.error_category,
    failures.error_code,
    count(*) AS failures,
    round(count(*) / sum(count(*)) OVER (PARTITION BY failures.workflow), 4) AS share,
    max(failures.completed_at) AS last_at,
    max_by(failures.run_id, (failures.completed_at, failures.run_id)) AS last_run
FROM failures
LEFT JOIN endings ON endings.run_no = failures.run_no
GROUP BY
    failures.workflow, endings.before, endings.failed_step, failures.error_category, failures.error_code
ORDER BY failures DESC, failures.workflow, before, failed_step, failures.error_category, failures.error_code;
