"""lsp-orch: leases, tasks and notes shared by a person's editors and coding agents."""

__version__ = "0.1.0"
