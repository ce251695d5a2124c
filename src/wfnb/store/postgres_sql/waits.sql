-- Waits of runs, and the inbox that answers them.

-- name: open
INSERT INTO waits (run_no, effect_id, instance, wait_type, status, due_us, created_us, event_name, key, filters, task, rev)
VALUES ($1, $2, $3, $4, 'WAITING', $5, $6, $7, $8, $9, $10, currval('revisions'));

-- name: resolve
UPDATE waits
SET status = $1, resolved_us = $2, source = $3, answer = $4, rev = currval('revisions')
WHERE run_no = $5 AND effect_id = $6 AND status = 'WAITING';

-- name: expire
-- A wait runs out only when no answer has come in between.
UPDATE waits
SET status = $1, resolved_us = $2, source = $3, answer = $4, rev = currval('revisions')
WHERE run_no = $5 AND effect_id = $6 AND status = 'WAITING' AND answered_us IS NULL;

-- name: answer
UPDATE waits
SET answered_us = $1, inbox_no = $2, rev = currval('revisions')
WHERE wait_no = $3 AND status = 'WAITING' AND answered_us IS NULL
RETURNING run_no;

-- name: answer_parent
-- The wait of the step that called a run which has ended; and the run that waits can go on. Its row must be locked before.
WITH answered AS (
    UPDATE waits
    SET answered_us = $1, rev = currval('revisions')
    WHERE status = 'WAITING'
        AND (run_no, effect_id) = (SELECT parent_run_no, parent_effect FROM runs WHERE run_no = $2)
    RETURNING run_no
)
UPDATE runs SET ready_us = 0 WHERE run_no IN (SELECT run_no FROM answered) AND completed_us IS NULL;

-- name: of_run
SELECT wait_no, run_no, effect_id, instance, wait_type, status, due_us, created_us, resolved_us, event_name, key, filters,
    task, answered_us, inbox_no, rev, source, answer
FROM waits
WHERE run_no = $1
ORDER BY wait_no;

-- name: by_no
SELECT wait_no, run_no, effect_id, instance, wait_type, status, due_us, created_us, resolved_us, event_name, key, filters,
    task, answered_us, inbox_no, rev, source, answer
FROM waits
WHERE wait_no = $1;

-- name: of_effect
SELECT wait_no, run_no, effect_id, instance, wait_type, status, due_us, created_us, resolved_us, event_name, key, filters,
    task, answered_us, inbox_no, rev, source, answer
FROM waits
WHERE run_no = $1 AND effect_id = $2;

-- name: matching
-- Open waits for an event, the oldest first; what is meant for the world wakes no fork that does not touch it.
SELECT w.wait_no, w.run_no, w.effect_id, w.instance, w.wait_type, w.status, w.due_us, w.created_us, w.resolved_us, w.event_name,
    w.key, w.filters, w.task, w.answered_us, w.inbox_no, w.rev, w.source, w.answer
FROM waits AS w
JOIN runs AS r ON r.run_no = w.run_no
WHERE w.event_name = $1 AND w.key = $2 AND w.status = 'WAITING' AND w.answered_us IS NULL
    AND r.tenant = $3 AND r.completed_us IS NULL AND r.live = 1
ORDER BY w.wait_no;

-- name: open_of_type
SELECT w.wait_no, w.run_no, w.effect_id, w.instance, w.wait_type, w.status, w.due_us, w.created_us, w.resolved_us, w.event_name,
    w.key, w.filters, w.task, w.answered_us, w.inbox_no, w.rev, w.source, w.answer
FROM waits AS w
JOIN runs AS r ON r.run_no = w.run_no
WHERE w.wait_type = $1 AND w.status = 'WAITING' AND w.answered_us IS NULL AND r.tenant = $2 AND w.wait_no > $3
ORDER BY w.wait_no
LIMIT $4;

-- name: receive
INSERT INTO inbox (tenant, name, key, payload, dedupe, source, received_us, wait_no, run_no, started, error, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, next_revision())
ON CONFLICT DO NOTHING
RETURNING inbox_no, tenant, name, key, payload, dedupe, source, received_us, wait_no, run_no, started, error, rev;

-- name: duplicate
SELECT inbox_no, tenant, name, key, payload, dedupe, source, received_us, wait_no, run_no, started, error, rev
FROM inbox
WHERE tenant = $1 AND name = $2 AND dedupe = $3;

-- name: received
SELECT inbox_no, tenant, name, key, payload, dedupe, source, received_us, wait_no, run_no, started, error, rev
FROM inbox
WHERE inbox_no = $1;

-- name: inbox_page
SELECT inbox_no, tenant, name, key, payload, dedupe, source, received_us, wait_no, run_no, started, error, rev
FROM inbox
WHERE tenant = $1
    AND inbox_no < $2
    AND ($3::text IS NULL OR name = $3)
    AND ($4::text IS NULL OR key = $4)
    AND (
        $5::text IS NULL
        OR $5 = CASE
            WHEN error IS NOT NULL THEN 'error'
            WHEN run_no IS NOT NULL OR started <> '[]' THEN 'matched'
            ELSE 'unmatched'
        END
    )
ORDER BY inbox_no DESC
LIMIT $6;
