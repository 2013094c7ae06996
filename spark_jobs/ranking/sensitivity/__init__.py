"""The same ranking under other definitions of a session, of the longest, of a song: how sure the answer is."""
