"""The problem solved exactly on a few columns, judged on all of them; columns join until none is missing.

Used by ``lasso``, ``qcbp``, ``basis_pursuit`` and ``sqrt_lasso`` for dense matrices: large real ones
(``real``) and all complex ones (``complex``). Each round reads the matrix once, which is what a large problem
costs. Compiled once: coordinate descent, in one second; where it does not end, because columns are nearly
dependent, an active-set method, in two more; for complex problems five loops of one round, in two.
"""
