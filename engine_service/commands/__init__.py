"""`streamdit-engine`, command by command: flags in, one call of the layer that does the work."""
