"""Least-norm programs of the robust null space properties, over sign patterns and over unit vectors.

``least_norm`` runs a compiled dual active-set method, some microseconds a program, and evaluates what each
dual vector proves; ``signs`` serves the property in 1-norm form, ``sphere`` that in 2-norm form and in
levels. Five seconds of compilation.
"""
