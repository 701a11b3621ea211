"""The world: each module implements one port."""
