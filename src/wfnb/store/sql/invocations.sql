-- Invocations of actions, and whose their idempotency keys are (see claims.py for the rules).

-- name: holder
SELECT call.invocation_no, call.run_no, call.effect_id, call.status, call.attempt, call.output,
    run.completed_us IS NOT NULL
FROM invocations AS call
JOIN runs AS run ON run.run_no = call.run_no
WHERE call.action_id = ? AND call.action_version = ? AND call.key = ?
    AND call.shared_with IS NULL AND call.status IN ('STARTED', 'SUCCEEDED');

-- name: predecessor
SELECT invocation_no, run_no, instance, attempt
FROM invocations
WHERE action_id = ? AND action_version = ? AND key = ?
    AND shared_with IS NULL AND status IN ('FAILED', 'CANCELED')
ORDER BY attempt DESC
LIMIT 1;

-- name: add
INSERT INTO invocations (
    run_no, effect_id, instance, action_id, action_version, key, input, scheduled_us, status, attempt, shared_with, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'STARTED', ?, ?, ?)
RETURNING invocation_no;

-- name: try_again
UPDATE invocations
SET effect_id = ?, input = ?, scheduled_us = ?, attempt = ?, status = 'STARTED', output = NULL, error = NULL,
    ended_us = NULL, source = NULL, rev = ?
WHERE invocation_no = ?;

-- name: abandon
-- It was over when its run was.
UPDATE invocations
SET status = 'CANCELED', rev = ?,
    ended_us = (SELECT completed_us FROM runs WHERE runs.run_no = invocations.run_no)
WHERE invocation_no = ?;

-- name: share
UPDATE invocations SET shared_with = ?, rev = ? WHERE invocation_no = ?;

-- name: own
UPDATE invocations SET shared_with = NULL, attempt = ?, rev = ? WHERE invocation_no = ?;

-- name: end
UPDATE invocations
SET status = ?, output = ?, error = ?, ended_us = ?, source = ?, rev = ?
WHERE run_no = ? AND effect_id = ? AND status = 'STARTED';

-- name: cancel_open
UPDATE invocations
SET status = 'CANCELED', ended_us = ?, rev = ?
WHERE run_no = ? AND status = 'STARTED';

-- name: begin_attempt
UPDATE invocations
SET attempt = attempt + 1, rev = ?
WHERE invocation_no = ? AND status = 'STARTED'
RETURNING attempt, run_no, instance, action_id;

-- name: of_run
SELECT invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error,
    shared_with, scheduled_us, ended_us, rev, source
FROM invocations
WHERE run_no = ?
ORDER BY scheduled_us, invocation_no;

-- name: of_effect
SELECT invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error,
    shared_with, scheduled_us, ended_us, rev, source
FROM invocations
WHERE run_no = ? AND effect_id = ?;
