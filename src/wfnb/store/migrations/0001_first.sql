-- The state tables. Times are microseconds since 1970 (UTC); JSON is canonical text; rev is the revision of the transaction
-- that last changed a row, and what the history projection reads by.

CREATE TABLE revision (id INTEGER PRIMARY KEY CHECK (id = 1), rev INTEGER NOT NULL);
INSERT INTO revision VALUES (1, 0);

CREATE TABLE versions (
    workflow_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    definition_hash TEXT NOT NULL,
    payload_schema_ref TEXT,
    payload_schema TEXT,
    trigger_event TEXT,
    published_by TEXT NOT NULL,
    published_us INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, version)
) WITHOUT ROWID;

CREATE TABLE runs (
    run_no INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    workflow_id TEXT NOT NULL,
    workflow_version INTEGER NOT NULL,
    definition_hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'WAITING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
    label TEXT,
    cursor TEXT,
    error TEXT,
    key TEXT,
    trigger TEXT NOT NULL,
    parent_run_no INTEGER REFERENCES runs (run_no),
    parent_effect TEXT,
    depth INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    owner TEXT,
    lease_until_us INTEGER,
    started_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    completed_us INTEGER,
    rev INTEGER NOT NULL,
    FOREIGN KEY (workflow_id, workflow_version) REFERENCES versions (workflow_id, version)
);
CREATE UNIQUE INDEX runs_key ON runs (workflow_id, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX runs_child ON runs (parent_run_no, parent_effect) WHERE parent_run_no IS NOT NULL;
CREATE INDEX runs_status ON runs (status);
CREATE INDEX runs_workflow ON runs (workflow_id);
CREATE INDEX runs_rev ON runs (rev);

-- One row for every command that changed a run: the writes it made on the state tree. (run_no, seq) is also the fence:
-- two owners cannot both write the same seq.
CREATE TABLE macrosteps (
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    command TEXT NOT NULL,
    writes TEXT NOT NULL,
    PRIMARY KEY (run_no, seq)
) WITHOUT ROWID;

CREATE TABLE checkpoints (
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    seq INTEGER NOT NULL,
    tree TEXT NOT NULL,
    PRIMARY KEY (run_no, seq)
);

CREATE TABLE steps (
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    seq INTEGER NOT NULL,
    instance TEXT NOT NULL,
    step_id TEXT NOT NULL,
    type TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('STARTED', 'SUCCEEDED', 'FAILED', 'RETRY_SCHEDULED', 'CANCELED')),
    branch TEXT,
    error TEXT,
    handled_by TEXT,
    end_seq INTEGER,
    started_us INTEGER NOT NULL,
    ended_us INTEGER,
    rev INTEGER NOT NULL,
    PRIMARY KEY (run_no, seq)
) WITHOUT ROWID;
CREATE INDEX steps_open ON steps (run_no) WHERE status = 'STARTED';
CREATE INDEX steps_rev ON steps (rev);

CREATE TABLE invocations (
    invocation_no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    effect_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    action_id TEXT NOT NULL,
    action_version INTEGER NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('STARTED', 'SUCCEEDED', 'FAILED', 'CANCELED')),
    attempt INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    shared_with INTEGER REFERENCES invocations (invocation_no),
    scheduled_us INTEGER NOT NULL,
    ended_us INTEGER,
    rev INTEGER NOT NULL
);
-- The promise that an effect is applied once per key: only one invocation owns a key, the others share its result. One that
-- did not succeed owns nothing; it stands in the second index, for the number of the next attempt.
CREATE UNIQUE INDEX invocations_owner ON invocations (action_id, action_version, key)
    WHERE shared_with IS NULL AND status IN ('STARTED', 'SUCCEEDED');
CREATE INDEX invocations_predecessor ON invocations (action_id, action_version, key, attempt)
    WHERE shared_with IS NULL AND status IN ('FAILED', 'CANCELED');
CREATE UNIQUE INDEX invocations_effect ON invocations (run_no, effect_id);
CREATE INDEX invocations_rev ON invocations (rev);

CREATE TABLE waits (
    wait_no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    effect_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    wait_type TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('WAITING', 'RESOLVED', 'CANCELED')),
    due_us INTEGER,
    created_us INTEGER NOT NULL,
    resolved_us INTEGER,
    rev INTEGER NOT NULL
);
CREATE UNIQUE INDEX waits_effect ON waits (run_no, effect_id);
CREATE INDEX waits_rev ON waits (rev);

CREATE TABLE events (
    event_no INTEGER PRIMARY KEY,
    run_no INTEGER NOT NULL REFERENCES runs (run_no),
    seq INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    rev INTEGER NOT NULL
);
CREATE INDEX events_run ON events (run_no);
CREATE INDEX events_rev ON events (rev);
