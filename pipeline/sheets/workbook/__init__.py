"""Workbooks, as they are read."""
