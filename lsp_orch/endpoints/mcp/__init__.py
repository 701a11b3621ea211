"""MCP: the tools that agents call."""
