"""Events -> sessions: one row for each uninterrupted stretch of a user's events."""
