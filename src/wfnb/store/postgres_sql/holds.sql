-- Holds on runs: agreed by whoever changes the one that is there, and by nobody else.

-- name: change
UPDATE runs SET hold = $3, stands_us = $4 WHERE run_no = $1 AND hold IS NOT DISTINCT FROM $2;

-- name: stand
-- Give a run back until its hold lets it go on, unless the hold has changed. The row of the run must be locked before, as for
-- parking it.
UPDATE runs
SET owner = NULL,
    lease_until_us = NULL,
    hold = $4,
    stands_us = $5,
    ready_us = coalesce(
        $6::bigint,
        (SELECT min(CASE WHEN answered_us IS NULL THEN due_us ELSE 0 END) FROM waits WHERE waits.run_no = $1 AND waits.status = 'WAITING')
    )
WHERE run_no = $1 AND epoch = $2 AND hold = $3 AND completed_us IS NULL;

-- name: held
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE hold IS NOT NULL AND completed_us IS NULL
ORDER BY run_no;

-- name: of_run
SELECT hold FROM runs WHERE run_no = $1;
