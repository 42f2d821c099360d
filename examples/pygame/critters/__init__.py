"""Critters: a small side-scroller whose classic pictures teach, and whose live state drives, a generated world."""
