"""What was paid, what may be paid yet, and what the rest will cost."""
