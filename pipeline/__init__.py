"""Run an AI workflow once for each row of a sheet, and never pay for a row twice."""
