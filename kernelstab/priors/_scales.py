"""Numbers whose squares and ratios are far from both ends of the floats."""

import numpy as np

_LEAST, _LARGEST = 1e-70, 1e70


def check_scales(A=None, **values):
    """Refuse numbers and arrays whose largest magnitude is neither 0 nor in range; words pass.

    Of an operator only an explicit matrix is looked at.

    >>> check_scales(eps=0.0, y=np.array([0.0, 1e-300, 1.0]))
    >>> check_scales(eps=1e-200)
    Traceback (most recent call last):
        ...
    ValueError: eps must be 0 or between 1e-70 and 1e+70 in magnitude, got 1e-200; change the units
    """
    for name, value in {"A": getattr(A, "matrix", None), **values}.items():
        size = 0.0 if value is None or isinstance(value, str) else float(np.abs(value).max())
        if size and not _LEAST <= size <= _LARGEST:
            raise ValueError(f"{name} must be 0 or between {_LEAST:g} and {_LARGEST:g} in magnitude, "
                             f"got {size:g}; change the units")
