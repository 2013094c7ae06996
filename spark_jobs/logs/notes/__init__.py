"""The log of a note-taking app."""
