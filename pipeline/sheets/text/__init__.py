"""CSV and TSV files: read, and written by adding to the bytes that stand."""
