"""Blocks: the smallest game that an engine can dream. A dot walks and jumps before a row of bars."""
