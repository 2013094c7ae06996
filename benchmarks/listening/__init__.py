"""What is measured on the log of listens."""
