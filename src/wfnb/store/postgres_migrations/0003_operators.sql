-- Lists of runs by the time of their start. There is none by the time of their last change: that one would cost every step.
CREATE INDEX runs_started ON runs (started_us, run_no);
