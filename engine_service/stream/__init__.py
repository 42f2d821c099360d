"""WHEN frames are made: the life of one session."""
