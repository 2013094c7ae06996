"""A file with a secret is never written where git would take it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cli.environment import PROJECT
from cli.terminal import short

# Of this project's .gitignore.
IGNORED = (".env", ".airflow")


CANNOT_TELL = 128


class SecretFileError(RuntimeError):
    """A secret would lie in a repository; the message says what to do."""


def refuse_where_git_takes(file: Path) -> None:
    """Raise SecretFileError where a file that is to be made lies in a git work tree that does not ignore it.

    Where git cannot tell, the places that this project's .gitignore has are allowed.
    """
    file = file.resolve()
    directory = next(parent for parent in file.parents if parent.is_dir())
    if not any((parent / ".git").exists() for parent in (directory, *directory.parents)):
        return
    # The caller's GIT_DIR may be another repository's; and it may be another user's, which git would not look at.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    question = ["git", "-c", "safe.directory=*", "-C", str(directory), "check-ignore", "--quiet", "--", str(file)]
    try:
        code = subprocess.run(question, env=environment, capture_output=True, check=False).returncode
    except OSError:
        code = CANNOT_TELL
    # 0: ignored, 1: not; anything else is a git that cannot tell, such as that of a work tree without its repository.
    is_ignored = code == 0 if code in (0, 1) else any(file.is_relative_to(PROJECT / name) for name in IGNORED)
    if not is_ignored:
        raise SecretFileError(
            f"{short(file)} would hold secrets, and git would take it; name a place outside the repository, or one "
            "that its .gitignore has"
        )
