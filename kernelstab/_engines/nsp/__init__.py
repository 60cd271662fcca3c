"""The null space constant: programs on one polytope, and searches over supports with signs or phases."""
