"""A number as its format shows it to a person."""
