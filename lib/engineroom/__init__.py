"""The Engine Room: a hands-on course on what runs beneath backend services."""
