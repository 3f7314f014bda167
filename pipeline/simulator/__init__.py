"""The remote service in small: its rules, its faults, its server. An independent witness."""
