"""What a command line of bash writes, read by its grammar and followed without running it."""
