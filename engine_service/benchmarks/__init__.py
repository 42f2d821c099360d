"""HOW FAST it is: tables of this machine and, where there is one, of its GPU."""
