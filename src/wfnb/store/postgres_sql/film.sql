-- What a debugger reads of a run of any length: where its steps ended, some of them, and what became of all of them.

-- name: step_ends
-- Marks: 1 an attempt that is tried again, 2 another error, 3 the end of a wait.
SELECT seq, end_seq,
    CASE
        WHEN error IS NOT NULL AND handled_by = 'retry' THEN 1
        WHEN error IS NOT NULL THEN 2
        WHEN type IN ('event.wait', 'time.wait', 'human.task') THEN 3
        ELSE 0
    END
FROM steps
WHERE run_no = $1 AND seq >= $2
ORDER BY seq
LIMIT $3;

-- name: steps_at
SELECT run_no, seq, instance, step_id, type, attempt, status, branch, error, handled_by, end_seq, started_us, ended_us, rev
FROM steps
WHERE run_no = $1 AND seq = ANY($2)
ORDER BY seq;

-- name: tallies
-- How the last attempt ended stands in the lowest digit of the last column.
SELECT (end_seq - $2 - 1) / $4 AS stretch, step_id, branch, min(instance), max(CASE WHEN handled_by LIKE '%.try' THEN handled_by END), count(*),
    sum(ended_us - started_us)::bigint,
    max(
        end_seq * 4
        + CASE status WHEN 'SUCCEEDED' THEN 0 WHEN 'FAILED' THEN 1 WHEN 'RETRY_SCHEDULED' THEN 2 ELSE 3 END
    )
FROM steps
WHERE run_no = $1 AND seq <= $3 AND end_seq > $2 AND end_seq <= $3
GROUP BY stretch, step_id, branch
ORDER BY stretch, step_id COLLATE "C", branch COLLATE "C" NULLS FIRST;
