"""The verifier of theorem programs: what has to be trusted so that a certificate of a theorem proves it.

``instructions`` reads a program, ``run`` evaluates it in balls on the described ``operators`` and ``maps``.
Nothing here imports the checkers of constants, what writes certificates, or numpy.
"""
