"""Headless players: scenarios, many bots at once, a latency probe, a report. `python -m streamdit.bots --help`."""
