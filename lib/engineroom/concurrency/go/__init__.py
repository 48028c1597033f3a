"""The theme's Go programs, and the comparison of the model with real Go."""
