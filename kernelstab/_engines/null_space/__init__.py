"""One factorisation of a matrix for its singular values, its null space and its row space."""
