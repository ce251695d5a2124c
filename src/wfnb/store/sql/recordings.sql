-- What the tables hold of the runs of a workflow whose numbers lie in a span, for replay. Each statement gives whole rows of
-- one kind by run, in order. The workflow is compared as an expression, so that the span of numbers chooses the rows.

-- name: runs
SELECT run_no, run_id, workflow_id, workflow_version, kind, status, seq, tenant
FROM runs
WHERE run_no BETWEEN ? AND ? AND workflow_id || '' = ?
ORDER BY run_no;

-- name: starts
SELECT c.run_no, c.tree
FROM runs AS r
JOIN checkpoints AS c ON c.run_no = r.run_no AND c.seq = 0
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY r.run_no;

-- name: macrosteps
SELECT m.run_no, m.seq, m.at_us, m.command, m.writes
FROM runs AS r
JOIN macrosteps AS m ON m.run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY m.run_no, m.seq;

-- name: calls
SELECT i.run_no, i.effect_id, i.action_id, i.action_version, i.key, i.status, i.input, i.output, i.error, i.shared_with
FROM runs AS r
JOIN invocations AS i ON i.run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY i.run_no, i.invocation_no;

-- name: failures
SELECT s.run_no, s.seq, s.instance, s.step_id, s.type, s.attempt, s.status, s.branch, s.error, s.handled_by, s.end_seq
FROM runs AS r
JOIN steps AS s ON s.run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ? AND s.error IS NOT NULL
ORDER BY s.run_no, s.seq;

-- name: attempts
SELECT s.run_no, s.seq, s.instance, s.step_id, s.type, s.attempt, s.status, s.branch, s.error, s.handled_by, s.end_seq
FROM runs AS r
JOIN steps AS s ON s.run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY s.run_no, s.seq;

-- name: waits
SELECT w.run_no, w.effect_id, w.wait_type, w.due_us, w.event_name, w.key, w.filters, w.task, i.name, i.payload, w.answer
FROM runs AS r
JOIN waits AS w ON w.run_no = r.run_no
LEFT JOIN inbox AS i ON i.inbox_no = w.inbox_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY w.run_no, w.wait_no;

-- name: notes
SELECT e.run_no, e.seq, e.kind, e.data
FROM runs AS r
JOIN events AS e ON e.run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ? AND e.kind IN ('run.canceled', 'run.reopened')
ORDER BY e.run_no, e.event_no;

-- name: children
SELECT c.parent_run_no, c.parent_effect, c.run_no, c.run_id, c.status
FROM runs AS r
JOIN runs AS c ON c.parent_run_no = r.run_no
WHERE r.run_no BETWEEN ? AND ? AND r.workflow_id || '' = ?
ORDER BY c.run_no;
