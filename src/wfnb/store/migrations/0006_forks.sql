-- Forks: runs that began as another one stood after one of its macrosteps. live = 0: their effects are answered from the record
-- of that run, from fixtures, or from samples, and nothing outside is touched. The run may be deleted before its forks are.
ALTER TABLE runs ADD COLUMN forked_from INTEGER;
ALTER TABLE runs ADD COLUMN forked_seq INTEGER;
ALTER TABLE runs ADD COLUMN live INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN edits TEXT;
ALTER TABLE runs ADD COLUMN fixtures TEXT;
CREATE INDEX runs_forked ON runs (forked_from) WHERE forked_from IS NOT NULL;

-- Where an answer came from when it was not the world: recorded, fixture, sampled, supplied.
ALTER TABLE invocations ADD COLUMN source TEXT;
ALTER TABLE waits ADD COLUMN source TEXT;
-- What such an answer was, when it stands nowhere else.
ALTER TABLE waits ADD COLUMN answer TEXT;
