-- What changed after a revision: how the history catches up.

-- name: bound
-- The revision at which as many rows have changed as a reader wants; none when fewer have.
SELECT rev
FROM (
    SELECT rev FROM runs WHERE rev > ?1
    UNION ALL
    SELECT rev FROM steps WHERE rev > ?1
    UNION ALL
    SELECT rev FROM invocations WHERE rev > ?1
    UNION ALL
    SELECT rev FROM waits WHERE rev > ?1
    UNION ALL
    SELECT rev FROM events WHERE rev > ?1
)
ORDER BY rev
LIMIT 1 OFFSET ?2;

-- name: runs
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures
FROM runs
WHERE rev > ? AND rev <= ?
ORDER BY rev, run_no;

-- name: steps
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE rev > ? AND rev <= ?
ORDER BY rev, run_no, seq;

-- name: invocations
SELECT invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error,
    shared_with, scheduled_us, ended_us, rev, source
FROM invocations
WHERE rev > ? AND rev <= ?
ORDER BY rev, invocation_no;

-- name: waits
SELECT wait_no, run_no, effect_id, instance, wait_type, status, due_us, created_us, resolved_us, event_name, key, filters,
    task, answered_us, inbox_no, rev, source, answer
FROM waits
WHERE rev > ? AND rev <= ?
ORDER BY rev, wait_no;

-- name: events
SELECT event_no, run_no, seq, at_us, kind, data, rev
FROM events
WHERE rev > ? AND rev <= ?
ORDER BY rev, event_no;
