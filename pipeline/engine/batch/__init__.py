"""The batch while it runs: what it holds, and the one way in which anything of it changes."""
