-- Takes a batch of changed rows into the history: what was known of them goes, what is known now comes.
-- In a batch -1 stands for a moment or number that is not there.

-- name: forget_run
DELETE FROM base.run AS known USING batch WHERE known.run_no = batch.run_no;

-- name: add_run
INSERT INTO base.run
SELECT
    run_no, run_id, workflow, version, kind, status, state, error_category, error_code, error_message, key, trigger,
    nullif(parent_run_no, -1), depth, seq, epoch, make_timestamp(started_us), make_timestamp(updated_us),
    make_timestamp(nullif(completed_us, -1)), rev
FROM batch;

-- name: forget_step
DELETE FROM base.step AS known USING batch WHERE known.run_no = batch.run_no AND known.seq = batch.seq;

-- name: add_step
INSERT INTO base.step
SELECT
    run_no, seq, step_id, type, regexp_replace(instance, '\{\d+\}', '', 'g'), instance,
    nullif(regexp_extract(instance, '.*\{(\d+)\}', 1), '')::BIGINT, attempt, status, branch, error_category,
    error_code, error_message, handled_by, nullif(end_seq, -1), make_timestamp(started_us),
    make_timestamp(nullif(ended_us, -1))
FROM batch;

-- name: forget_invocation
DELETE FROM base.invocation AS known USING batch WHERE known.invocation_no = batch.invocation_no;

-- name: add_invocation
INSERT INTO base.invocation
SELECT
    invocation_no, run_no, regexp_replace(instance, '\{\d+\}', '', 'g'), instance,
    nullif(regexp_extract(effect_id, '#(\d+)$', 1), '')::INTEGER, action, action_version, key, status, attempt,
    shared, error_category, error_code, error_message, input, output, make_timestamp(scheduled_us),
    make_timestamp(nullif(ended_us, -1))
FROM batch;

-- name: forget_wait
DELETE FROM base.wait AS known USING batch WHERE known.wait_no = batch.wait_no;

-- name: add_wait
INSERT INTO base.wait
SELECT
    wait_no, run_no, regexp_replace(instance, '\{\d+\}', '', 'g'), instance,
    nullif(regexp_extract(effect_id, '#\D*(\d+)$', 1), '')::INTEGER, wait_type, status, make_timestamp(created_us),
    make_timestamp(nullif(due_us, -1)), make_timestamp(nullif(resolved_us, -1))
FROM batch;

-- name: forget_event
DELETE FROM base.event AS known USING batch WHERE known.event_no = batch.event_no;

-- name: add_event
INSERT INTO base.event SELECT event_no, run_no, seq, make_timestamp(at_us), kind, data FROM batch;

-- name: begin_history
INSERT INTO base.meta VALUES ($fingerprint, 0, 0);

-- name: read_mark
SELECT fingerprint, watermark, forgotten FROM base.meta;

-- name: newest_run
SELECT run_no, run_id, rev FROM base.run ORDER BY rev DESC, run_no DESC LIMIT 1;

-- name: move_watermark
UPDATE base.meta SET watermark = $rev;

-- name: forget_purged_run
-- Runs that the state tables have deleted.
DELETE FROM base.run WHERE run_no IN (SELECT unnest($runs::BIGINT[]));

-- name: forget_purged_step
DELETE FROM base.step WHERE run_no IN (SELECT unnest($runs::BIGINT[]));

-- name: forget_purged_invocation
DELETE FROM base.invocation WHERE run_no IN (SELECT unnest($runs::BIGINT[]));

-- name: forget_purged_wait
DELETE FROM base.wait WHERE run_no IN (SELECT unnest($runs::BIGINT[]));

-- name: forget_purged_event
DELETE FROM base.event WHERE run_no IN (SELECT unnest($runs::BIGINT[]));

-- name: note_forgotten
UPDATE base.meta SET forgotten = $count;
