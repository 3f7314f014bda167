"""The kinds of value that a key may hold, and how a person writes them."""
