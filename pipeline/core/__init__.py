"""The pure heart: nouns, rules and tables. Time and chance are handed in."""
