-- What a run did: macrosteps, checkpoints, steps, waits and audit events.

-- name: add_macrostep
INSERT INTO macrosteps (run_no, seq, at_us, command, writes) VALUES (?, ?, ?, ?, ?);

-- name: macrosteps
SELECT seq, at_us, command, writes
FROM macrosteps
WHERE run_no = ? AND seq > ? AND seq <= ?
ORDER BY seq;

-- name: add_checkpoint
INSERT INTO checkpoints (run_no, seq, tree) VALUES (?, ?, ?);

-- name: checkpoint
SELECT seq, tree
FROM checkpoints
WHERE run_no = ? AND seq <= ?
ORDER BY seq DESC
LIMIT 1;

-- name: begin_step
INSERT INTO steps (
    run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: end_step
UPDATE steps INDEXED BY steps_open
SET status = ?, branch = ?, error = ?, handled_by = ?, end_seq = ?, ended_us = ?, rev = ?
WHERE run_no = ? AND instance = ? AND attempt = ? AND status = 'STARTED';

-- name: steps
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE run_no = ?
ORDER BY seq;

-- name: step_before
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE run_no = ?1 AND seq <= ?2 AND end_seq <= ?2
ORDER BY seq DESC
LIMIT 1;

-- name: add_event
INSERT INTO events (run_no, seq, at_us, kind, data, rev) VALUES (?, ?, ?, ?, ?, ?);

-- name: note
-- An event at the run's last macrostep.
INSERT INTO events (run_no, seq, at_us, kind, data, rev)
SELECT run_no, seq, ?1, ?2, ?3, ?4 FROM runs WHERE run_no = ?5;

-- name: events
SELECT event_no, run_no, seq, at_us, kind, data, rev
FROM events
WHERE run_no = ?
ORDER BY event_no;
