"""The config's sections beside the main one."""
