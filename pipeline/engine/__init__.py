"""The asyncio shell: carries out what the core decides, and is the only part that waits."""
