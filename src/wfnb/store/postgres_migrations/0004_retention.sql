-- Deleting a run looks for the rows that name it; without these it would look through whole tables.
CREATE INDEX invocations_shared ON invocations (shared_with) WHERE shared_with IS NOT NULL;
CREATE INDEX inbox_run ON inbox (run_no) WHERE run_no IS NOT NULL;
CREATE INDEX inbox_wait ON inbox (wait_no) WHERE wait_no IS NOT NULL;
