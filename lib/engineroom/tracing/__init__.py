"""Go execution tracing: how the runtime records, and how to read what it saw."""
