"""The service's own spelling, and the client that speaks it."""
