-- Encrypted secrets. Read and written through store/database.py: plain SQL, so that every store understands it.

-- name: get
SELECT ciphertext, wrapped_key, key_id FROM secrets WHERE tenant = ? AND name = ?;

-- name: every
SELECT name, description, key_id, created_by, created_us, updated_by, updated_us, accessed_us
FROM secrets
WHERE tenant = ?
ORDER BY name;

-- name: of_all_tenants
SELECT tenant, name, ciphertext, wrapped_key, key_id FROM secrets ORDER BY tenant, name;

-- name: put
INSERT INTO secrets (
    tenant, name, description, ciphertext, wrapped_key, key_id, created_by, created_us, updated_by, updated_us
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (tenant, name) DO UPDATE SET
    description = coalesce(excluded.description, secrets.description),
    ciphertext = excluded.ciphertext,
    wrapped_key = excluded.wrapped_key,
    key_id = excluded.key_id,
    updated_by = excluded.updated_by,
    updated_us = excluded.updated_us;

-- name: rewrap
UPDATE secrets SET wrapped_key = ?, key_id = ? WHERE tenant = ? AND name = ?;

-- name: access
UPDATE secrets SET accessed_us = ? WHERE tenant = ? AND name = ?;

-- name: remove
DELETE FROM secrets WHERE tenant = ? AND name = ?;
