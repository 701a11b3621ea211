"""Claude Code hooks: one question, one verdict."""
