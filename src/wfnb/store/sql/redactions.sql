-- What of the calls of an action people are not shown. Plain SQL of store/database.py, so that every store understands it.

-- name: every
SELECT action_id, action_version, input, output FROM redactions ORDER BY action_id, action_version;

-- name: put
INSERT INTO redactions (action_id, action_version, input, output) VALUES (?, ?, ?, ?)
ON CONFLICT (action_id, action_version) DO UPDATE SET input = excluded.input, output = excluded.output;
