"""What the checks look at and expect of every log's events and sessions, whatever they mean."""
