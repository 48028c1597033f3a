"""For instructors and authors: store, release, grade."""
