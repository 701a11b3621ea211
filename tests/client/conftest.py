"""Toy daemons and their clients, each in a home of its own."""

from tests.daemon.stage import inside, stage

__all__ = ["inside", "stage"]
