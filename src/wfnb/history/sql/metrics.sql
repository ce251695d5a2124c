-- What ws.metrics() counts: one row for each set of labels, sorted.

-- name: runs
SELECT
    workflow,
    version,
    count(*) AS started,
    count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
    count(*) FILTER (WHERE status = 'FAILED') AS failed,
    count(*) FILTER (WHERE status = 'CANCELED') AS canceled,
    sum(epoch)::BIGINT AS takeovers
FROM runs
GROUP BY workflow, version
ORDER BY workflow, version;

-- name: open_runs
SELECT workflow, status, count(*) AS runs
FROM runs
WHERE completed_at IS NULL
GROUP BY workflow, status
ORDER BY workflow, status;

-- name: last_failures
SELECT workflow, epoch(max(completed_at)) AS at_s
FROM runs
WHERE status = 'FAILED'
GROUP BY workflow
ORDER BY workflow;

-- name: run_durations
SELECT workflow, bucket_s(duration_ms) AS bound_s, count(*) AS number, sum(duration_ms) / 1000 AS sum_s
FROM runs
WHERE duration_ms IS NOT NULL
GROUP BY workflow, bound_s
ORDER BY workflow, bound_s;

-- name: step_durations
SELECT workflow, type, bucket_s(duration_ms) AS bound_s, count(*) AS number, sum(duration_ms) / 1000 AS sum_s
FROM steps
WHERE duration_ms IS NOT NULL
GROUP BY workflow, type, bound_s
ORDER BY workflow, type, bound_s;

-- name: action_durations
-- From the attempts at the steps that call them: an invocation keeps its last attempt only, and a counter must never go down.
WITH called AS (
    SELECT DISTINCT run_no, instance_path, action, action_version FROM invocations WHERE NOT shared
)
SELECT
    called.action,
    called.action_version,
    bucket_s(steps.duration_ms) AS bound_s,
    count(*) AS number,
    sum(steps.duration_ms) / 1000 AS sum_s
FROM steps
JOIN called ON called.run_no = steps.run_no AND called.instance_path = steps.instance_path
WHERE steps.duration_ms IS NOT NULL
GROUP BY called.action, called.action_version, bound_s
ORDER BY called.action, called.action_version, bound_s;

-- name: action_failures
WITH called AS (
    SELECT DISTINCT run_no, instance_path, action, action_version FROM invocations WHERE NOT shared
)
SELECT called.action, called.action_version, count(*) AS failed
FROM steps
JOIN called ON called.run_no = steps.run_no AND called.instance_path = steps.instance_path
WHERE steps.status IN ('FAILED', 'RETRY_SCHEDULED')
GROUP BY called.action, called.action_version
ORDER BY called.action, called.action_version;

-- name: retries
SELECT workflow, count(*) AS retries
FROM steps
WHERE status = 'RETRY_SCHEDULED'
GROUP BY workflow
ORDER BY workflow;

-- name: errors
SELECT workflow, coalesce(error_category, 'unknown') AS category, count(*) AS errors
FROM steps
WHERE status IN ('FAILED', 'RETRY_SCHEDULED')
GROUP BY workflow, category
ORDER BY workflow, category;

-- name: open_waits
SELECT workflow, wait_type, count(*) AS waits
FROM waits
WHERE status = 'WAITING'
GROUP BY workflow, wait_type
ORDER BY workflow, wait_type;
