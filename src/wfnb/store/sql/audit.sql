-- What people did, and why. Read and written through store/database.py: plain SQL, so that every store understands it.

-- name: add
INSERT INTO audit (at_us, actor, role, source, operation, target_type, target_id, reason, changes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: page
SELECT audit_no, at_us, actor, role, source, operation, target_type, target_id, reason, changes
FROM audit
WHERE audit_no < CAST(? AS BIGINT)
    AND (CAST(? AS TEXT) IS NULL OR target_type = ?)
    AND (CAST(? AS TEXT) IS NULL OR target_id = ?)
    AND (CAST(? AS TEXT) IS NULL OR operation = ?)
    AND (CAST(? AS TEXT) IS NULL OR actor = ?)
ORDER BY audit_no DESC
LIMIT ?;
