-- Runs that park until something arrives, the inbox that it arrives in, and the tables of the people who run the place.

-- ready_us: from when on a run that nobody owns can go on; none while only an answer can wake it.
ALTER TABLE runs ADD COLUMN tenant TEXT NOT NULL DEFAULT 'local';
ALTER TABLE runs ADD COLUMN ready_us INTEGER DEFAULT 0;
CREATE INDEX runs_ready ON runs (ready_us) WHERE completed_us IS NULL;

-- answered_us: something has come that the run has not taken yet; inbox_no says what.
ALTER TABLE waits ADD COLUMN event_name TEXT;
ALTER TABLE waits ADD COLUMN key TEXT;
ALTER TABLE waits ADD COLUMN filters TEXT;
ALTER TABLE waits ADD COLUMN task TEXT;
ALTER TABLE waits ADD COLUMN answered_us INTEGER;
ALTER TABLE waits ADD COLUMN inbox_no INTEGER;
CREATE INDEX waits_key ON waits (event_name, key) WHERE status = 'WAITING' AND answered_us IS NULL;
CREATE INDEX waits_open ON waits (wait_type) WHERE status = 'WAITING';

-- Everything that was submitted, whether it woke a run or not. dedupe makes a second submission do nothing.
CREATE TABLE inbox (
    inbox_no INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT,
    payload TEXT NOT NULL,
    dedupe TEXT,
    source TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    wait_no INTEGER REFERENCES waits (wait_no),
    run_no INTEGER REFERENCES runs (run_no),
    started TEXT NOT NULL,
    error TEXT,
    rev INTEGER NOT NULL
);
CREATE UNIQUE INDEX inbox_dedupe ON inbox (tenant, name, dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX inbox_rev ON inbox (rev);

-- How a workflow may be run; a row is made with its first version.
CREATE TABLE workflows (
    workflow_id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'archived')),
    paused INTEGER NOT NULL DEFAULT 0,
    pause_reason TEXT,
    concurrency_limit INTEGER,
    auto_pause INTEGER NOT NULL DEFAULT 0,
    failure_threshold REAL NOT NULL DEFAULT 0.5,
    failure_min_runs INTEGER NOT NULL DEFAULT 10,
    retention_days INTEGER,
    legal_hold INTEGER NOT NULL DEFAULT 0,
    updated_by TEXT NOT NULL,
    updated_us INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO workflows (workflow_id, updated_by, updated_us)
SELECT workflow_id, min(published_by), max(published_us) FROM versions GROUP BY workflow_id;

CREATE TABLE drafts (
    workflow_id TEXT NOT NULL PRIMARY KEY,
    draft_version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    definition_hash TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_us INTEGER NOT NULL
) WITHOUT ROWID;

-- A value is encrypted with a data key of its own, and that with a master key that is never stored.
CREATE TABLE secrets (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    ciphertext BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    key_id TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_us INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_us INTEGER NOT NULL,
    accessed_us INTEGER,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- next_us: the next firing; none when there is none.
CREATE TABLE schedules (
    workflow_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('schedule', 'recurring')),
    cron TEXT,
    timezone TEXT,
    run_at_us INTEGER,
    payload TEXT NOT NULL,
    catch_up TEXT NOT NULL CHECK (catch_up IN ('none', 'latest', 'all')),
    enabled INTEGER NOT NULL DEFAULT 1,
    next_us INTEGER,
    last_us INTEGER,
    last_run_id TEXT,
    last_error TEXT,
    PRIMARY KEY (workflow_id, name)
) WITHOUT ROWID;
CREATE INDEX schedules_next ON schedules (next_us) WHERE enabled = 1;

CREATE TABLE workers (
    worker_id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    state TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    running INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    beat_us INTEGER NOT NULL
) WITHOUT ROWID;

-- What people did, and why. What happens to a run by itself stands in events.
CREATE TABLE audit (
    audit_no INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    source TEXT NOT NULL,
    operation TEXT NOT NULL,
    target_type TEXT NOT NULL,
    target_id TEXT NOT NULL,
    reason TEXT,
    changes TEXT NOT NULL
);
CREATE INDEX audit_target ON audit (target_type, target_id);

CREATE TABLE logs (
    log_no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL,
    instance TEXT,
    at_us INTEGER NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('DEBUG', 'INFO', 'WARN', 'ERROR')),
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    context TEXT NOT NULL
);
CREATE INDEX logs_run ON logs (run_no);

-- Runs that retention has deleted: the history forgets them too.
CREATE TABLE purged (run_no INTEGER PRIMARY KEY, run_id TEXT NOT NULL, purged_us INTEGER NOT NULL, rev INTEGER NOT NULL);
