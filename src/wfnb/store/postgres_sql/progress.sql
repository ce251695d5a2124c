-- What a run did: macrosteps, checkpoints, steps, waits and audit events.

-- name: add_macrostep
INSERT INTO macrosteps (run_no, seq, at_us, command, writes) VALUES ($1, $2, $3, $4, $5);

-- name: macrosteps
SELECT seq, at_us, command, writes
FROM macrosteps
WHERE run_no = $1 AND seq > $2 AND seq <= $3
ORDER BY seq;

-- name: add_checkpoint
INSERT INTO checkpoints (run_no, seq, tree) VALUES ($1, $2, $3);

-- name: checkpoint
SELECT seq, tree
FROM checkpoints
WHERE run_no = $1 AND seq <= $2
ORDER BY seq DESC
LIMIT 1;

-- name: begin_step
INSERT INTO steps (
    run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, currval('revisions'));

-- name: end_step
UPDATE steps
SET status = $1, branch = $2, error = $3, handled_by = $4, end_seq = $5, ended_us = $6, rev = currval('revisions')
WHERE run_no = $7 AND instance = $8 AND attempt = $9 AND status = 'STARTED';

-- name: steps
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE run_no = $1
ORDER BY seq;

-- name: step_before
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE run_no = $1 AND seq <= $2 AND end_seq <= $2
ORDER BY seq DESC
LIMIT 1;

-- name: add_event
INSERT INTO events (run_no, seq, at_us, kind, data, rev) VALUES ($1, $2, $3, $4, $5, currval('revisions'));

-- name: note
-- An event at the run's last macrostep.
INSERT INTO events (run_no, seq, at_us, kind, data, rev)
SELECT run_no, seq, $1, $2, $3, currval('revisions') FROM runs WHERE run_no = $4;

-- name: events
SELECT event_no, run_no, seq, at_us, kind, data, rev
FROM events
WHERE run_no = $1
ORDER BY event_no;
