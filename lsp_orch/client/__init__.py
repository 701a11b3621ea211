"""What editors, hooks and agents start: the standard library only."""
