"""Least-norm programs of the robust null space properties, microseconds each by a dual active-set method."""
