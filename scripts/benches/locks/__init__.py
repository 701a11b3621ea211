"""The lock of each competitor, through a client that costs next to nothing itself."""
