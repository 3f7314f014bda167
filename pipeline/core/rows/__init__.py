"""From the cells of a row to what is sent for it, and from what came back to new cells."""
