"""The command line's calls."""
