"""A file of checks for each lesson, and what looks at a run by them."""
