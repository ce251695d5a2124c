"""What people write and what runs carry: definitions, JSON values, paths, policies. Pure data, no I/O."""
