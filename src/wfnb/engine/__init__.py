"""What drives runs: the clock, the performers, the driver loop, recovery. The only place that acts on the world."""
