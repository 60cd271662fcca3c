"""The problem solved exactly on a few columns, judged on all of them; columns join until none is missing.

Used by ``lasso``, ``qcbp``, ``basis_pursuit`` and ``sqrt_lasso`` for dense matrices: large real ones
(``real``) and all complex ones (``complex``). Each round reads the matrix once, which is what a large problem
costs. Compiled: coordinate descent, and where columns depend on each other an active-set method; for complex
problems five loops of one round. Together about five seconds, once.
"""
