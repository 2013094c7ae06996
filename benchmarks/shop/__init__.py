"""What is measured on the log of a shop."""
