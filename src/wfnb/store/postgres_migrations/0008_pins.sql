-- Pinned results: what a step gives when it is tried or simulated, by workflow, with where the result came from.
CREATE TABLE pins (
    tenant TEXT COLLATE "C" NOT NULL,
    workflow_id TEXT COLLATE "C" NOT NULL,
    step_id TEXT COLLATE "C" NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    pinned_by TEXT COLLATE "C" NOT NULL,
    pinned_us BIGINT NOT NULL,
    PRIMARY KEY (tenant, workflow_id, step_id)
);
