-- hold: who holds a run and how far it may go, as JSON; only people and drivers read it. stands_us: until when nobody takes it
-- up because of that; none while it may go on.
ALTER TABLE runs ADD COLUMN hold TEXT COLLATE "C";
ALTER TABLE runs ADD COLUMN stands_us BIGINT;
CREATE INDEX runs_held ON runs (run_no) WHERE hold IS NOT NULL;

-- The moment by which leases and holds are judged: the server's, because no two clients have the same.
CREATE FUNCTION now_us() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
$$;

-- The fence, as move_on; it tells of a hold. Under a name of its own: a server that is being brought up to date has clients that
-- still call the other one.
CREATE FUNCTION go_on(
    new_seq BIGINT, new_status TEXT, new_label TEXT, new_cursor TEXT, new_error TEXT, new_updated_us BIGINT,
    new_completed_us BIGINT, the_run BIGINT, expected_seq BIGINT, expected_epoch BIGINT
) RETURNS TEXT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    new_rev BIGINT;
    the_hold TEXT;
BEGIN
    UPDATE runs
    SET seq = new_seq, status = new_status, label = new_label, cursor = new_cursor, error = new_error,
        updated_us = new_updated_us, completed_us = new_completed_us, rev = next_revision()
    WHERE run_no = the_run AND seq = expected_seq AND epoch = expected_epoch AND completed_us IS NULL
    RETURNING rev, hold INTO new_rev, the_hold;
    IF new_rev IS NULL THEN
        RAISE EXCEPTION 'the run is not where its writer left it' USING ERRCODE = 'WF001';
    END IF;
    RETURN the_hold;
END $$;
