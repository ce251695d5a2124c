-- Definitions that come from files. Read and written through store/database.py: plain SQL, so that every store understands it.

-- name: every
SELECT s.scope, s.identifier, s.path, s.name, s.digest, w.status, s.archived_by, s.archived_us, s.file_exists, s.error, s.line,
    s.version
FROM sources AS s
LEFT JOIN workflows AS w ON w.workflow_id = CASE s.scope WHEN 'global' THEN 'global.' || s.identifier ELSE s.identifier END
WHERE s.project IN ('', ?)
ORDER BY s.scope, s.identifier;

-- name: put
INSERT INTO sources (scope, project, identifier, path, name, digest, archived_by, archived_us, file_exists, error, line, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (scope, project, identifier) DO UPDATE
SET path = excluded.path, name = excluded.name, digest = excluded.digest, archived_by = excluded.archived_by,
    archived_us = excluded.archived_us, file_exists = excluded.file_exists, error = excluded.error, line = excluded.line,
    version = excluded.version;

-- name: drop
DELETE FROM sources WHERE scope = ? AND project = ? AND identifier = ?;

-- name: generation
SELECT generation FROM generations WHERE project = ?;

-- name: first_generation
INSERT INTO generations (project, generation) VALUES (?, 0) ON CONFLICT DO NOTHING;

-- name: next_generation
UPDATE generations SET generation = generation + 1 WHERE project = ? AND generation = ? RETURNING generation;
