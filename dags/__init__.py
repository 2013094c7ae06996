"""One file a log, and one that keeps the lake small: wiring only."""
