-- Rows of a packed run, into a file of its own that nobody else writes to.

-- name: add_run
INSERT INTO runs (
    run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, trigger, parent_run_no,
    parent_effect, depth, seq, epoch, started_us, updated_us, completed_us, tenant, ready_us, live, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, NULL, 1, 1);

-- name: add_step
INSERT INTO steps (
    run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1);

-- name: add_call
INSERT INTO invocations (
    invocation_no, run_no, effect_id, instance, action_id, action_version, key, status, attempt, input, output, error, shared_with,
    scheduled_us, ended_us, source, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1);

-- name: add_wait
INSERT INTO waits (
    wait_no, run_no, effect_id, instance, wait_type, status, due_us, created_us, resolved_us, event_name, key, filters, task,
    answered_us, inbox_no, source, answer, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1);

-- name: add_answer
INSERT INTO inbox (inbox_no, tenant, name, key, payload, source, received_us, wait_no, run_no, started, rev)
VALUES (?, ?, ?, ?, ?, 'pack', ?, ?, ?, '[]', 1);

-- name: add_event
INSERT INTO events (run_no, seq, at_us, kind, data, rev) VALUES (?, ?, ?, ?, ?, 1);

-- name: add_macrostep
INSERT INTO macrosteps (run_no, seq, at_us, command, writes) VALUES (?, ?, ?, ?, ?);

-- name: add_checkpoint
INSERT INTO checkpoints (run_no, seq, tree) VALUES (?, ?, ?);
