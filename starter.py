"""The command line, `sheaf`."""
