"""The null space constant: programs on one polytope, and searches over supports with signs or phases.

The compiled simplex method goes from the last vertex of one program to the next, fifty times faster than a
solver that begins anew; phases take batches of best approximations in the maximum norm instead.
"""
