"""What outlives a crash: named queries, numbered migrations, one engine a file."""
