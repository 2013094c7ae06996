"""Sample logs: one package a log."""
