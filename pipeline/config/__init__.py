"""From a YAML file to a frozen Config, with every fault at once."""
