-- Workers: processes that drive runs, each with its last sign of life. For every store.

-- name: beat
INSERT INTO workers (worker_id, host, pid, state, capacity, running, finished, started_us, beat_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (worker_id) DO UPDATE
SET state = excluded.state, running = excluded.running, finished = excluded.finished, beat_us = excluded.beat_us;

-- name: every
SELECT worker_id, host, pid, state, capacity, running, finished, started_us, beat_us
FROM workers
ORDER BY started_us, worker_id;

-- name: forget
DELETE FROM workers WHERE beat_us < ?;
