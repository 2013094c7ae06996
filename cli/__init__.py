"""The program of this project, `python -m cli`: a module for each command, and what they share."""
