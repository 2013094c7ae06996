"""How `run` shows the answer of each log: a module by the log's name."""
