"""What the report of `shop` shows."""
