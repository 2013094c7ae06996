"""What must hold for the shop beside what must hold for every log."""
