"""Whatever leaves for the service, and what is heard of it."""
