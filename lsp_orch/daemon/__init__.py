"""Assembly: locks, socket, one TaskGroup, an orderly end."""
