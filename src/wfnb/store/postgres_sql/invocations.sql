-- Invocations of actions, and whose their idempotency keys are (see claims.py for the rules).

-- name: holder
SELECT call.invocation_no, call.run_no, call.effect_id, call.status, call.attempt, call.output,
    run.completed_us IS NOT NULL
FROM invocations AS call
JOIN runs AS run ON run.run_no = call.run_no
WHERE call.action_id = $1 AND call.action_version = $2 AND call.key = $3
    AND call.shared_with IS NULL AND call.status IN ('STARTED', 'SUCCEEDED');

-- name: predecessor
SELECT invocation_no, run_no, instance, attempt
FROM invocations
WHERE action_id = $1 AND action_version = $2 AND key = $3
    AND shared_with IS NULL AND status IN ('FAILED', 'CANCELED')
ORDER BY attempt DESC
LIMIT 1;

-- name: add
INSERT INTO invocations (
    run_no, effect_id, instance, action_id, action_version, key, input, scheduled_us, status, attempt, shared_with, rev
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'STARTED', $9, $10, currval('revisions'))
RETURNING invocation_no;

-- name: try_again
UPDATE invocations
SET effect_id = $1, input = $2, scheduled_us = $3, attempt = $4, status = 'STARTED', output = NULL, error = NULL,
    ended_us = NULL, source = NULL, rev = currval('revisions')
WHERE invocation_no = $5;

-- name: abandon
-- It was over when its run was.
UPDATE invocations
SET status = 'CANCELED', rev = currval('revisions'),
    ended_us = (SELECT completed_us FROM runs WHERE runs.run_no = invocations.run_no)
WHERE invocation_no = $1;

-- name: share
UPDATE invocations SET shared_with = $1, rev = currval('revisions') WHERE invocation_no = $2;

-- name: own
UPDATE invocations SET shared_with = NULL, attempt = $1, rev = currval('revisions') WHERE invocation_no = $2;

-- name: end
UPDATE invocations
SET status = $1, output = $2, error = $3, ended_us = $4, source = $5, rev = currval('revisions')
WHERE run_no = $6 AND effect_id = $7 AND status = 'STARTED';

-- name: cancel_open
UPDATE invocations
SET status = 'CANCELED', ended_us = $1, rev = currval('revisions')
WHERE run_no = $2 AND status = 'STARTED';

-- name: begin_attempt
UPDATE invocations
SET attempt = attempt + 1, rev = next_revision()
WHERE invocation_no = $1 AND status = 'STARTED'
RETURNING attempt, run_no, instance, action_id;

-- name: of_run
SELECT invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error,
    shared_with, scheduled_us, ended_us, rev, source
FROM invocations
WHERE run_no = $1
ORDER BY scheduled_us, invocation_no;

-- name: of_effect
SELECT invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error,
    shared_with, scheduled_us, ended_us, rev, source
FROM invocations
WHERE run_no = $1 AND effect_id = $2;
