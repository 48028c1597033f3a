"""What runs inside the sandbox, beside a learner's code. It imports nothing from the rest of the course."""
