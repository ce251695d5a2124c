"""Where the truth lives: state tables behind one port, in SQLite or in memory."""
