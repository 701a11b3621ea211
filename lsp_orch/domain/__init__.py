"""Pure rules: no I/O, no clock, no chance; those are arguments."""
