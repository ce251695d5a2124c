-- hold: who holds a run and how far it may go, as JSON; only people and drivers read it. stands_us: until when nobody takes it
-- up because of that; none while it may go on.
ALTER TABLE runs ADD COLUMN hold TEXT;
ALTER TABLE runs ADD COLUMN stands_us INTEGER;
CREATE INDEX runs_held ON runs (run_no) WHERE hold IS NOT NULL;
