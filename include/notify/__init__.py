"""Who is told when a run fails, is late or is degraded."""
