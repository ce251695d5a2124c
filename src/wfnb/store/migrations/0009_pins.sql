-- Pinned results: what a step gives when it is tried or simulated, by workflow, with where the result came from.
CREATE TABLE pins (
    tenant TEXT NOT NULL,
    workflow_id TEXT NOT NULL,
    step_id TEXT NOT NULL,
    result TEXT NOT NULL,
    source TEXT NOT NULL,
    pinned_by TEXT NOT NULL,
    pinned_us INTEGER NOT NULL,
    PRIMARY KEY (tenant, workflow_id, step_id)
) WITHOUT ROWID;
