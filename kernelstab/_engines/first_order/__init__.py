"""Methods that need one product with the matrix and one with its adjoint per step.

``fista`` for the LASSO and ``primal_dual`` for the other three problems: the only methods for operators and
for bounds on the entries, and behind the exact methods where columns depend on each other.
They are not compiled.
"""
