"""What must hold for the answer of `doors`."""
