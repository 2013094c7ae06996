"""Raw lines -> listens and rejected listens: every line is kept, or rejected with its reason."""
