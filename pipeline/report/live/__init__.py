"""The live page: its figures, its server, and what it may change."""
