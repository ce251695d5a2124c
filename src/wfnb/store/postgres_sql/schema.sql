-- Is the schema one of ours, of which version, and who may change it.

-- name: lock
SELECT pg_advisory_xact_lock(hashtext('wfnb'), hashtext($1));

-- name: name
-- Which schema the next statement makes: a name cannot be bound to it.
SELECT set_config('wfnb.schema', $1, true);

-- name: create
DO $$ BEGIN
    IF to_regnamespace(quote_ident(current_setting('wfnb.schema'))) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', current_setting('wfnb.schema'));
    END IF;
END $$;

-- name: count_tables
SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = $1;

-- name: marked
SELECT to_regclass(quote_ident($1) || '.schema_version') IS NOT NULL;

-- name: version
SELECT max(version) FROM schema_version WHERE application = 'wfnb';

-- name: migrated
INSERT INTO schema_version (application, version) VALUES ('wfnb', $1);

-- name: server
SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), current_setting('fsync');
