-- Definitions that come from files, as the last resync left them. Those of the global folder belong to no project.
CREATE TABLE sources (
    scope TEXT COLLATE "C" NOT NULL CHECK (scope IN ('global', 'project')),
    project TEXT COLLATE "C" NOT NULL,
    identifier TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C",
    archived_by TEXT COLLATE "C" CHECK (archived_by IN ('user', 'system')),
    archived_us BIGINT,
    file_exists INTEGER NOT NULL,
    error TEXT COLLATE "C",
    line BIGINT,
    version BIGINT,
    PRIMARY KEY (scope, project, identifier)
);

-- How often the definitions of a project have changed: one resync makes one generation.
CREATE TABLE generations (
    project TEXT COLLATE "C" PRIMARY KEY,
    generation BIGINT NOT NULL
);
