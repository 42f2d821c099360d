"""HOW WELL a world obeys: recordings are played again and judged."""
