"""Listens -> sessions: one row for each uninterrupted stretch of listening."""
