# They are modules of the project only where they are copied into it.
collect_ignore = ["tree"]
