"""Stand-ins: what answers instead of the world, as somebody gave it or as a schema allows. Pure."""
