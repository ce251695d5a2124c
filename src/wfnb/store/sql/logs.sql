-- What actions and people wrote down about runs; rows are only added. Read and written through store/database.py.

-- name: add
INSERT INTO logs (run_no, instance, at_us, level, source, message, context) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: of_run
SELECT log_no, run_no, instance, at_us, level, source, message, context FROM logs WHERE run_no = ? ORDER BY log_no;

-- name: page
SELECT log_no, run_no, instance, at_us, level, source, message, context
FROM logs
WHERE log_no < CAST(? AS BIGINT)
    AND level IN (?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR lower(message) LIKE ? ESCAPE '!' OR lower(context) LIKE ? ESCAPE '!')
ORDER BY log_no DESC
LIMIT ?;
