"""What must hold for the notes beside what must hold for every log."""
