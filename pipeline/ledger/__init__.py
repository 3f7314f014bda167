"""What was started and what came back, durable in one SQLite file."""
