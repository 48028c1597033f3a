"""What at least two themes need: knobs, explorers, figures, data, checks."""
