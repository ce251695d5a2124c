-- Forks: runs that began as another one stood after one of its macrosteps. live = 0: their effects are answered from the record
-- of that run, from fixtures, or from samples, and nothing outside is touched. The run may be deleted before its forks are.
ALTER TABLE runs ADD COLUMN forked_from BIGINT;
ALTER TABLE runs ADD COLUMN forked_seq BIGINT;
ALTER TABLE runs ADD COLUMN live INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN edits TEXT;
ALTER TABLE runs ADD COLUMN fixtures TEXT;
CREATE INDEX runs_forked ON runs (forked_from) WHERE forked_from IS NOT NULL;

-- Where an answer came from when it was not the world: recorded, fixture, sampled, supplied.
ALTER TABLE invocations ADD COLUMN source TEXT;
ALTER TABLE waits ADD COLUMN source TEXT;
-- What such an answer was, when it stands nowhere else.
ALTER TABLE waits ADD COLUMN answer TEXT;

-- A person changed a run that is under way: nobody owns it, and whoever did is fenced out.
CREATE FUNCTION take_over(
    new_seq BIGINT, new_status TEXT, new_label TEXT, new_cursor TEXT, new_error TEXT, new_updated_us BIGINT,
    new_completed_us BIGINT, the_run BIGINT, expected_seq BIGINT, expected_epoch BIGINT
) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    new_rev BIGINT;
BEGIN
    UPDATE runs
    SET seq = new_seq, status = new_status, label = new_label, cursor = new_cursor, error = new_error,
        updated_us = new_updated_us, completed_us = new_completed_us, rev = next_revision(), epoch = epoch + 1,
        owner = NULL, lease_until_us = NULL, ready_us = 0
    WHERE run_no = the_run AND seq = expected_seq AND epoch = expected_epoch AND completed_us IS NULL
    RETURNING rev INTO new_rev;
    IF new_rev IS NULL THEN
        RAISE EXCEPTION 'the run is not where its writer left it' USING ERRCODE = 'WF001';
    END IF;
    RETURN new_rev;
END $$;
