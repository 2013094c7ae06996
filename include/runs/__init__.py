"""What a run is besides its jobs: its input, its lock, its records, its publication."""
