"""The log of a music service."""
