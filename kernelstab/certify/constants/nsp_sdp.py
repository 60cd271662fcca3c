r"""An upper bound of the null space constant by a matrix that is positive semidefinite up to rounding.

Let :math:`v\in N(A)`, :math:`\|v\|_1=1`, and let :math:`u\in\{-1,0,1\}^N` hold the signs of :math:`v` on a
support of size :math:`s`, so that :math:`\langle u,v\rangle=\|v_S\|_1`. If

.. math:: D=\begin{pmatrix}P+\frac12(A^T\Lambda+\Lambda^TA)&\frac12(R+MA-I)^T\\
    \frac12(R+MA-I)&Q+T\end{pmatrix}\succeq-\delta I

with symmetric :math:`P,Q,T`, then the form of :math:`D` at :math:`(v,u)`, where all terms with
:math:`Av` vanish, gives

.. math:: \langle u,v\rangle\le\langle P,vv^T\rangle+\langle R,uv^T\rangle+\langle Q+T,uu^T\rangle
    +\delta(\|v\|^2+\|u\|^2)
    \le\|P\|_{\max}+s\|R\|_{\max}+\|Q\|_1+s^2\|T\|_{\max}+\delta(1+s) :

the moduli of the entries of :math:`vv^T,uv^T,uu^T` add up to :math:`1,s,s^2`, and those of
:math:`uu^T` are at most 1.
"""

from fractions import Fraction

from flint import fmpq, fmpq_mat, fmpz_mat

from kernelstab._errors import CertificateError
from kernelstab.certify.constants.definite import require_definite
from kernelstab.certify.constants.reading import matrix_rows

_SHIFTS = range(20, 61)      # of delta, as negative exponents of 2 relative to the largest entry of D


def sdp_bound(matrix, order, proof) -> Fraction:
    """Return the bound that the matrices P, Q, R, T (N, N), L (m, N) and M (N, m) of a proof prove.

    The smallest power of two that makes D positive definite as a shift, decided in balls, is used.

    Raises
    ------
    CertificateError
        If a matrix has the wrong shape, or no shift does.
    """
    height, width = matrix.shape
    shapes = dict.fromkeys("PQRT", (width, width)) | {"L": (height, width), "M": (width, height)}
    parts = {name: _rational(matrix_rows(proof[name], name, shape)) for name, shape in shapes.items()}
    for name in "PQT":
        parts[name] = (parts[name] + parts[name].transpose()) / 2
    forward = fmpq_mat(matrix.numerators) / matrix.denominator
    image = forward.transpose() * parts["L"]
    corner = parts["P"] + (image + image.transpose()) / 2
    side = (parts["R"] + parts["M"] * forward - _identity(width)) / 2
    last = parts["Q"] + parts["T"]
    rows = [a + b for a, b in zip(corner.tolist(), side.transpose().tolist())]
    rows += [a + b for a, b in zip(side.tolist(), last.tolist())]
    delta = _shift(fmpq_mat(rows))
    sizes = {name: [abs(value) for value in parts[name].entries()] for name in "PQRT"}
    value = (max(sizes["P"]) + order * max(sizes["R"]) + sum(sizes["Q"], fmpq(0))
             + order**2 * max(sizes["T"]) + delta * (1 + order))
    return min(Fraction(int(value.p), int(value.q)), Fraction(1))


def _shift(form):
    """Return a number that makes a symmetric matrix positive definite when added to the diagonal."""
    size = max(abs(value) for value in form.entries())
    if size == 0:
        return size
    low, high = 0, len(_SHIFTS)         # larger shifts than one that will do will do as well
    while low < high:
        middle = (low + high) // 2
        if _definite(form + _identity(form.nrows()) * (size / 2**_SHIFTS[middle])):
            low = middle + 1
        else:
            high = middle
    if low == 0:
        raise CertificateError("the form of the program is not positive semidefinite up to rounding")
    return size / 2**_SHIFTS[low - 1]


def _definite(form):
    try:
        require_definite(form, "the form of the program")
    except CertificateError:
        return False
    return True


def _rational(rows):
    ratios = [[value.as_integer_ratio() for value in row] for row in rows]
    scale = max(q for row in ratios for _, q in row)       # powers of two
    return fmpq_mat(fmpz_mat([[p * (scale // q) for p, q in row] for row in ratios])) / scale


def _identity(size):
    return fmpq_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
