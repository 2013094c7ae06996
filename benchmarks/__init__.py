"""The generator of listening logs, and what is measured on them."""
