"""The null space constant: programs on one polytope, and searches over supports with signs or phases.

``programs`` runs a compiled simplex method from the last vertex of one program to the next, fifty times
faster than a solver that begins anew; ``search`` decides which programs a real matrix needs, and ``groups``
collects the duals that prove the result. ``phases`` does the same for complex matrices with batches of best
approximations in the maximum norm, without compiled loops. Four seconds of compilation.
"""
