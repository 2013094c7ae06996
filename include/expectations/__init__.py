"""What must hold for the tables of a run, and how Great Expectations is asked."""
