"""The ballast theme's Go programs, and how they are built and run."""
