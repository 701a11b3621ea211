"""Translation between the wire and the services, nothing else."""
