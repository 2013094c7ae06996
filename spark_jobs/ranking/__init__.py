"""Sessions and listens -> top sessions and top songs: the answer."""
