"""Total variation as a map: the image of least variation that explains the data, and its derivative."""

import numpy as np

from kernelstab._checks import as_array, as_number
from kernelstab.maps.base import Map
from kernelstab.maps.qcbp_map import Face
from kernelstab.operators import as_operator
from kernelstab.solvers import tv

FLAT = 1e-3         # differences below this fraction of the largest one count as zero
STEPS = 60          # of conjugate gradients in a derivative


class TVMap(Map):
    r"""Recover the image of least total variation that fits the data.

    :math:`\Psi(y)` minimises :math:`TV(x)=\sum_i\|(Dx)_i\|_2` subject to :math:`\|Ax-y\|\le\eta`, with the
    periodic differences D of :func:`kernelstab.solvers.tv`. Of all sparse models it is the first one to
    compare a network for images with.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator; its ``image_shape`` is the image.
    eta : float
        Noise level :math:`\eta\ge0`, in measurement units, the same for every ``y``.
    tol : float
        Relative duality gap at which the solver stops; ``solve`` returns the gap with its proof. Every call
        starts from zero, so the map is a function of ``y`` alone.
    max_iter : int, optional
        Budget of the solver.
    name : str, optional
        Shown in reports.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Warns
    -----
    NotConverged
        When called, if the solver stops at its budget.

    Notes
    -----
    *Derivative.* Where no difference :math:`(Dx)_i` that is zero becomes another, x is constant on fixed
    pieces, with one value for each. For these values the problem is smooth, and its derivative is that of
    :class:`~kernelstab.maps.QCBPMap` with the slope :math:`s=E^*D^*p`, :math:`p_i=(Dx)_i/\|(Dx)_i\|`, and

    .. math:: H = E^*(A^*A+\mu D^*KD)E,\qquad (Kv)_i = (v_i-p_i\mathrm{Re}\langle p_i,v_i\rangle)/\|(Dx)_i\|,

    where E writes the values to the pieces. Differences that the tolerance leaves small count as zero, and
    the systems are solved by a fixed number of steps, so the gradient is approximate; it steers searches,
    whose results are evaluated by the map itself. For :math:`\eta=0` there is none (``vjp`` is None).

    Cost: one call of the solver; two linear systems more for a gradient.

    Examples
    --------
    Two pixels, 0 and 1, as data. With an error of :math:`\sqrt2/4` each may move by 1/4, and the image moves
    with its data:

    >>> psi, y = TVMap(np.eye(2), np.sqrt(2) / 4, tol=1e-9), np.array([0.0, 1.0])
    >>> psi(y).round(6), psi.vjp(y, np.array([0.0, 1.0])).round(6) + 0.0
    (array([0.25, 0.75]), array([0., 1.]))
    """

    def __init__(self, A, eta, *, tol=1e-3, max_iter=None, name=None):
        self.A, self.eta = as_operator(A), as_number(eta, "eta", low=0)
        self.tol, self.max_iter, self.name = as_number(tol, "tol", low=0), max_iter, name or "TV"
        if self.eta == 0:
            self.vjp = self.pullback = None

    def solve(self, y):
        """Return the :class:`~kernelstab.solvers.TVSolution`, whose duality gap is a proof."""
        y = as_array(y, "y", shape=self.A.shape[:1])
        return tv(self.A, y, self.eta, tol=self.tol, max_iter=self.max_iter)

    def __call__(self, y):
        return self.solve(y).x

    def vjp(self, y, u):
        r"""Return :math:`J(y)^*u`, see the class; zero where the recovered image is constant."""
        return self.pullback(y)[1](u)

    def pullback(self, y):
        """Return the output and ``u -> vjp(y, u)``, after one call of the solver for both."""
        y = as_array(y, "y", shape=self.A.shape[:1])
        x = self.solve(y).x
        gather, face = self._face(x, y)

        def transposed(u):
            if face is None:
                return np.zeros_like(y)
            return face.transposed(gather(as_array(u, "u", shape=x.shape)))

        return x, transposed

    def _face(self, x, y):
        """Return what averages over the pieces on which x is constant, and the piece of the map they make."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        shape = self.A.image_shape
        slopes = _differences(x, shape)
        sizes = np.linalg.norm(slopes, axis=0)
        flat = sizes <= FLAT * sizes.max()
        if flat.all():
            return None, None
        sites = np.arange(x.size)
        ends = np.array([np.roll(sites.reshape(shape), -1, axis).ravel() for axis in range(len(shape))])
        first, second = np.broadcast_to(sites, ends.shape)[:, flat].ravel(), ends[:, flat].ravel()
        graph = coo_array((np.ones(first.size), (first, second)), shape=(x.size, x.size))
        count, piece = connected_components(graph, directed=False)
        share = 1 / np.sqrt(np.bincount(piece))[piece]         # so that E has orthonormal columns

        def gather(u):
            if np.iscomplexobj(u):
                return gather(u.real) + 1j * gather(u.imag)
            return np.bincount(piece, share * u, count)

        sizes = np.where(flat, np.inf, sizes)
        normals = slopes / sizes

        def curve(v):
            moved = _differences(v[piece] * share, shape)
            along = np.sum(normals.conj() * moved, axis=0).real
            return gather(_adjoint((moved - normals * along) / sizes, shape))

        A = self.A
        slope, residual = gather(_adjoint(normals, shape)), y - A.matvec(x)
        return gather, Face(slope, residual, self.eta, lambda v: A.matvec(v[piece] * share),
                            lambda r: gather(A.rmatvec(r)), curve, STEPS)


def _differences(x, shape):
    """Return the periodic forward differences along every axis, shape (axes, N)."""
    image = x.reshape(shape)
    return np.stack([(np.roll(image, -1, axis) - image).ravel() for axis in range(len(shape))])


def _adjoint(field, shape):
    """Apply the adjoint of the differences to a field."""
    return sum((np.roll(p, 1, axis) - p).ravel() for axis, p in enumerate(field.reshape(-1, *shape)))
