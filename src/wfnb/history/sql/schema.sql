-- The history: what the state tables hold, as columns. Times are UTC. The rows stand in the schema "base", narrow and
-- keyed by the number of their run; the five views in "main" are what people ask.

CREATE SCHEMA base;

CREATE TABLE base.meta (
    fingerprint VARCHAR NOT NULL,
    watermark BIGINT NOT NULL,
    forgotten BIGINT NOT NULL
);

CREATE TABLE base.run (
    run_no BIGINT NOT NULL,
    run_id VARCHAR NOT NULL,
    workflow VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    state VARCHAR,
    error_category VARCHAR,
    error_code VARCHAR,
    error_message VARCHAR,
    key VARCHAR,
    trigger VARCHAR NOT NULL,
    parent_run_no BIGINT,
    depth INTEGER NOT NULL,
    seq BIGINT NOT NULL,
    epoch INTEGER NOT NULL,
    started_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    completed_at TIMESTAMP,
    rev BIGINT NOT NULL
);

CREATE TABLE base.step (
    run_no BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    step_id VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    instance_path VARCHAR NOT NULL,
    iteration BIGINT,
    attempt INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    branch VARCHAR,
    error_category VARCHAR,
    error_code VARCHAR,
    error_message VARCHAR,
    handled_by VARCHAR,
    end_seq BIGINT,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);

CREATE TABLE base.invocation (
    invocation_no BIGINT NOT NULL,
    run_no BIGINT NOT NULL,
    path VARCHAR NOT NULL,
    instance_path VARCHAR NOT NULL,
    step_attempt INTEGER,
    action VARCHAR NOT NULL,
    action_version INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    shared BOOLEAN NOT NULL,
    error_category VARCHAR,
    error_code VARCHAR,
    error_message VARCHAR,
    input JSON,
    output JSON,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);

CREATE TABLE base.wait (
    wait_no BIGINT NOT NULL,
    run_no BIGINT NOT NULL,
    path VARCHAR NOT NULL,
    instance_path VARCHAR NOT NULL,
    step_attempt INTEGER,
    wait_type VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP,
    resolved_at TIMESTAMP
);

CREATE TABLE base.event (
    event_no BIGINT NOT NULL,
    run_no BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL,
    data JSON NOT NULL
);

-- Milliseconds between two moments, with the microseconds behind the point.
CREATE MACRO base.ms(since, until) AS (epoch_us(until) - epoch_us(since)) / 1000.0;

-- Seconds of a span, as people count them, so that sixty spans at most cover a time.
CREATE MACRO span_s(seconds) AS CASE
    WHEN seconds <= 58 THEN 1
    WHEN seconds <= 290 THEN 5
    WHEN seconds <= 870 THEN 15
    WHEN seconds <= 3480 THEN 60
    WHEN seconds <= 17400 THEN 300
    WHEN seconds <= 52200 THEN 900
    WHEN seconds <= 208800 THEN 3600
    WHEN seconds <= 626400 THEN 10800
    WHEN seconds <= 1252800 THEN 21600
    WHEN seconds <= 2505600 THEN 43200
    WHEN seconds <= 5011200 THEN 86400
    WHEN seconds <= 35078400 THEN 604800
    WHEN seconds <= 150336000 THEN 2592000
    ELSE greatest(31536000, ceil(seconds / 58))::BIGINT
END;

-- The bucket of a histogram that a duration falls into: its upper bound in seconds.
CREATE MACRO bucket_s(duration_ms) AS CASE
    WHEN duration_ms <= 5 THEN 0.005::DOUBLE
    WHEN duration_ms <= 10 THEN 0.01
    WHEN duration_ms <= 25 THEN 0.025
    WHEN duration_ms <= 50 THEN 0.05
    WHEN duration_ms <= 100 THEN 0.1
    WHEN duration_ms <= 250 THEN 0.25
    WHEN duration_ms <= 500 THEN 0.5
    WHEN duration_ms <= 1000 THEN 1
    WHEN duration_ms <= 2500 THEN 2.5
    WHEN duration_ms <= 5000 THEN 5
    WHEN duration_ms <= 10000 THEN 10
    WHEN duration_ms <= 30000 THEN 30
    WHEN duration_ms <= 60000 THEN 60
    WHEN duration_ms <= 300000 THEN 300
    WHEN duration_ms <= 3600000 THEN 3600
    ELSE 'inf'
END;

CREATE VIEW runs AS
SELECT
    run.run_no,
    run.run_id,
    run.workflow,
    run.version,
    run.kind,
    run.status,
    run.state,
    run.error_category,
    run.error_code,
    run.error_message,
    run.trigger,
    run.key,
    parent.run_id AS parent_run_id,
    run.depth,
    run.seq,
    run.epoch,
    run.started_at,
    run.updated_at,
    run.completed_at,
    base.ms(run.started_at, run.completed_at) AS duration_ms
FROM base.run AS run
LEFT JOIN base.run AS parent ON parent.run_no = run.parent_run_no;

CREATE VIEW steps AS
SELECT
    step.run_no,
    run.run_id,
    run.workflow,
    run.version,
    step.step_id,
    step.type,
    step.path,
    step.instance_path,
    step.iteration,
    step.attempt,
    step.status,
    step.branch,
    step.error_category,
    step.error_code,
    step.error_message,
    step.handled_by,
    step.started_at,
    step.ended_at,
    base.ms(step.started_at, step.ended_at) AS duration_ms,
    step.seq,
    step.end_seq
FROM base.step AS step
JOIN base.run AS run ON run.run_no = step.run_no;

CREATE VIEW invocations AS
SELECT
    invocation.run_no,
    run.run_id,
    run.workflow,
    run.version,
    invocation.path,
    invocation.instance_path,
    invocation.action,
    invocation.action_version,
    invocation.key,
    invocation.status,
    invocation.attempt,
    invocation.shared,
    invocation.error_category,
    invocation.error_code,
    invocation.error_message,
    invocation.input,
    invocation.output,
    invocation.started_at,
    invocation.ended_at,
    base.ms(invocation.started_at, invocation.ended_at) AS duration_ms
FROM base.invocation AS invocation
JOIN base.run AS run ON run.run_no = invocation.run_no;

CREATE VIEW waits AS
SELECT
    wait.run_no,
    run.run_id,
    run.workflow,
    run.version,
    wait.path,
    wait.instance_path,
    wait.wait_type,
    wait.status,
    wait.opened_at,
    wait.due_at,
    wait.resolved_at,
    base.ms(wait.opened_at, wait.resolved_at) AS duration_ms
FROM base.wait AS wait
JOIN base.run AS run ON run.run_no = wait.run_no;

-- "seq" is the macrostep; it is not known of the end of a wait. "after" and "place" order what happened at one moment: a run
-- starts before its first step, a step ends before its run does, a wait ends after it began.
CREATE VIEW events AS
WITH called AS (
    SELECT invocation.*, step.seq, step.end_seq
    FROM base.invocation AS invocation
    LEFT JOIN base.step AS step
        ON step.run_no = invocation.run_no AND step.instance_path = invocation.instance_path
        AND step.attempt = invocation.step_attempt
),
waited AS (
    SELECT wait.*, step.end_seq AS seq
    FROM base.wait AS wait
    LEFT JOIN base.step AS step
        ON step.run_no = wait.run_no AND step.instance_path = wait.instance_path AND step.attempt = wait.step_attempt
),
happened AS (
    SELECT
        run_no, seq, seq AS after, happened_at, kind, data,
        CASE WHEN kind IN ('run.created', 'run.started') THEN 0 WHEN starts_with(kind, 'run.') THEN 9 ELSE 8 END AS place
    FROM base.event
    UNION ALL
    SELECT
        run_no, seq, seq, started_at, 'step.started',
        json_object('step', step_id, 'type', type, 'path', instance_path, 'attempt', attempt),
        3
    FROM base.step
    UNION ALL
    SELECT
        run_no, end_seq, end_seq, ended_at,
        CASE status
            WHEN 'SUCCEEDED' THEN 'step.succeeded'
            WHEN 'CANCELED' THEN 'step.canceled'
            WHEN 'RETRY_SCHEDULED' THEN 'step.retry_scheduled'
            ELSE 'step.failed'
        END,
        json_object(
            'step', step_id, 'path', instance_path, 'attempt', attempt, 'branch', branch, 'error', error_code,
            'handled_by', handled_by, 'duration_ms', base.ms(started_at, ended_at)
        ),
        5
    FROM base.step
    WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT
        run_no, seq, seq, started_at, 'invocation.started',
        json_object('action', action, 'version', action_version, 'path', instance_path, 'key', key),
        4
    FROM called
    UNION ALL
    SELECT
        run_no, end_seq, end_seq, ended_at,
        CASE status
            WHEN 'SUCCEEDED' THEN 'invocation.succeeded'
            WHEN 'CANCELED' THEN 'invocation.canceled'
            ELSE 'invocation.failed'
        END,
        json_object(
            'action', action, 'version', action_version, 'path', instance_path, 'attempt', attempt, 'shared', shared,
            'error', error_code, 'duration_ms', base.ms(started_at, ended_at)
        ),
        2
    FROM called
    WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT
        run_no, seq, seq, opened_at, 'wait.opened',
        json_object('type', wait_type, 'path', instance_path, 'due_at', due_at),
        6
    FROM waited
    UNION ALL
    SELECT
        run_no, NULL, seq, resolved_at, CASE status WHEN 'CANCELED' THEN 'wait.canceled' ELSE 'wait.resolved' END,
        json_object('type', wait_type, 'path', instance_path, 'duration_ms', base.ms(opened_at, resolved_at)),
        7
    FROM waited
    WHERE resolved_at IS NOT NULL
)
SELECT happened.run_no, run.run_id, run.workflow, run.version, happened.seq, happened.happened_at, happened.kind, happened.data
FROM happened
JOIN base.run AS run ON run.run_no = happened.run_no
ORDER BY happened.happened_at, happened.run_no, happened.after, happened.place, happened.kind, happened.data;

-- These scalar functions reserve memory beside DuckDB's own limit, so what people write reaches these bounded ones instead.
-- The bound stands inside the argument: a CASE around the call would be folded, and the call with it, before it is asked.
CREATE MACRO repeat(part, times) AS system.main.repeat(
    part, CASE WHEN len(part) * times > 100000 THEN error('repeat gives at most 100000 characters') ELSE times END
);
CREATE MACRO lpad(part, size, filler) AS system.main.lpad(
    part, CASE WHEN size > 100000 THEN error('lpad gives at most 100000 characters') ELSE size END::INTEGER, filler
);
CREATE MACRO rpad(part, size, filler) AS system.main.rpad(
    part, CASE WHEN size > 100000 THEN error('rpad gives at most 100000 characters') ELSE size END::INTEGER, filler
);
