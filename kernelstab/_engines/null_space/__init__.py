"""An orthonormal basis of the null space and of the row space."""
