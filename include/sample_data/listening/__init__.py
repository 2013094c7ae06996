"""A sample log of listens, in the form of LastFM-1K."""
