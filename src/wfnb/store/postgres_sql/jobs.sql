-- Jobs: what tells Procrastinate, in its own schema beside that of the tables, which runs can go on.

-- name: exists
SELECT to_regclass(quote_ident($1) || '.wfnb_applied') IS NOT NULL;

-- name: enter
-- For the rest of the transaction names stand for what is in the schema of the jobs, or else in that of the tables.
SELECT set_config('search_path', quote_ident($1) || ', ' || quote_ident($2), true);

-- name: use
-- What a connection of Procrastinate is told.
SELECT set_config('search_path', quote_ident($1), false);

-- name: applied
-- The last script of Procrastinate that was applied.
SELECT max(script) FROM wfnb_applied;

-- name: note_applied
INSERT INTO wfnb_applied (script) VALUES ($1);

-- name: prepare
CREATE TABLE wfnb_applied (script TEXT COLLATE "C" PRIMARY KEY);

-- name: connect
-- A run has one job in the queue while nobody drives it and it can go on by itself, now or later; otherwise it has none. The
-- triggers belong to the transaction that changes the run, so the tables and the queue never differ.
--
-- A job that is there already is taken away and put in again: somebody may be fetching it in this moment, who would find the
-- run as it was before. Taking it away waits for that. Runs that can go on now come before those whose moment lies ahead.
CREATE FUNCTION wfnb_queue_run(the_run BIGINT, due_us BIGINT) RETURNS VOID
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
DECLARE
    name TEXT := 'run:' || the_run;
    due TIMESTAMPTZ := CASE WHEN due_us > 0 THEN to_timestamp(due_us / 1000000.0) END;
BEGIN
    IF due <= clock_timestamp() THEN
        due := NULL;
    END IF;
    LOOP
        PERFORM procrastinate_cancel_job_v1(id, false, true)
        FROM procrastinate_jobs WHERE queueing_lock = name AND status = 'todo';
        IF due_us IS NULL THEN
            RETURN;
        END IF;
        BEGIN
            PERFORM procrastinate_defer_jobs_v1(
                ARRAY[
                    ROW(
                        'wfnb', 'wfnb.run', CASE WHEN due IS NULL THEN 0 ELSE -1 END, NULL, name,
                        jsonb_build_object('run_no', the_run), due
                    )
                ]::procrastinate_job_to_defer_v1[]
            );
            RETURN;
        EXCEPTION WHEN unique_violation THEN
            NULL; -- somebody was faster: take that one away
        END;
    END LOOP;
END $$;

CREATE FUNCTION wfnb_run_changed() RETURNS TRIGGER LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM wfnb_queue_run(
        NEW.run_no,
        CASE WHEN NEW.owner IS NULL AND NEW.completed_us IS NULL AND NEW.ready_us IS NOT NULL THEN greatest(NEW.ready_us, NEW.stands_us) END
    );
    RETURN NULL;
END $$;

CREATE TRIGGER wfnb_run_created AFTER INSERT ON runs FOR EACH ROW
WHEN (NEW.owner IS NULL AND NEW.completed_us IS NULL AND NEW.ready_us IS NOT NULL)
EXECUTE FUNCTION wfnb_run_changed();

-- A run that is held is due when its hold is over; when it may go on before, it is due then.
CREATE TRIGGER wfnb_run_changed AFTER UPDATE OF owner, ready_us, stands_us, completed_us ON runs FOR EACH ROW
WHEN (
    (CASE WHEN OLD.owner IS NULL AND OLD.completed_us IS NULL AND OLD.ready_us IS NOT NULL THEN greatest(OLD.ready_us, OLD.stands_us) END)
    IS DISTINCT FROM
    (CASE WHEN NEW.owner IS NULL AND NEW.completed_us IS NULL AND NEW.ready_us IS NOT NULL THEN greatest(NEW.ready_us, NEW.stands_us) END)
)
EXECUTE FUNCTION wfnb_run_changed();

-- name: unqueued
-- Runs that can go on, that nobody drives and that have no job: their owner has died, or their job came too early.
SELECT run_no
FROM runs
WHERE completed_us IS NULL
    AND ready_us <= $1
    AND (owner IS NULL OR lease_until_us < $2 OR owner = ANY ($3::text[]))
    AND (stands_us IS NULL OR stands_us <= $2)
    AND NOT EXISTS (
        SELECT FROM procrastinate_jobs WHERE queueing_lock = 'run:' || run_no AND status = 'todo'
    )
ORDER BY ready_us, run_no
LIMIT $4;

-- name: queue_run
SELECT wfnb_queue_run($1, 0);

-- name: count
-- Jobs that wait to be fetched, by workflow: how many are due, and how many have their moment ahead.
SELECT r.workflow_id, count(*) FILTER (WHERE NOT coalesce(j.scheduled_at > now(), false)), count(*) FILTER (WHERE j.scheduled_at > now())
FROM procrastinate_jobs AS j
JOIN runs AS r ON r.run_no = (j.args ->> 'run_no')::bigint
WHERE j.status = 'todo' AND j.task_name = 'wfnb.run'
GROUP BY r.workflow_id;
