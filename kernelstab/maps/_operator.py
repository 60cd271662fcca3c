"""Until the operators room offers ``as_operator``."""

import kernelstab.operators as operators


def as_operator(A):
    """Return ``A`` as a forward operator."""
    room = getattr(operators, "as_operator", None)
    if room is not None:
        return room(A)
    return A if isinstance(A, operators.ForwardOperator) else operators.DenseOperator(A)
