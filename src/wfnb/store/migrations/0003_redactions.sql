-- What of the calls of an action people are not shown: JSON pointers into its input and output, as it was last registered.
-- It stands here, because whoever looks at a run need not know the action.
CREATE TABLE redactions (
    action_id TEXT NOT NULL,
    action_version INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    PRIMARY KEY (action_id, action_version)
) WITHOUT ROWID;
