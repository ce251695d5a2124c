-- Definitions that come from files, as the last resync left them. Those of the global folder belong to no project.
CREATE TABLE sources (
    scope TEXT NOT NULL CHECK (scope IN ('global', 'project')),
    project TEXT NOT NULL,
    identifier TEXT NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT,
    archived_by TEXT CHECK (archived_by IN ('user', 'system')),
    archived_us INTEGER,
    file_exists INTEGER NOT NULL,
    error TEXT,
    line INTEGER,
    version INTEGER,
    PRIMARY KEY (scope, project, identifier)
) WITHOUT ROWID;

-- How often the definitions of a project have changed: one resync makes one generation.
CREATE TABLE generations (
    project TEXT PRIMARY KEY,
    generation INTEGER NOT NULL
) WITHOUT ROWID;
