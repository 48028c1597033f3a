"""Grades a class: each submission in a sandbox, marked from outside, into nbgrader's gradebook."""
