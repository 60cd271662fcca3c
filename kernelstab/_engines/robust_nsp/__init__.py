"""Least-norm programs of the robust null space properties, over sign patterns and over unit vectors."""
