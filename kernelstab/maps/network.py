"""ReLU networks in numpy: evaluated and differentiated without a learning framework."""

from pathlib import Path

import numpy as np

from kernelstab._checks import as_array
from kernelstab.maps.base import Map
from kernelstab.maps.layers import check_layers, convolve, transposed_filters
from kernelstab.operators import as_operator


class ReLUNetwork(Map):
    r"""Evaluate a list of layers: convolutions, dense layers, ReLU, skips, data consistency.

    The map *is* the network in real arithmetic with the stored weights, which are floats
    and hence exact numbers; ``numpy`` evaluates it in float64, or in float32 after
    :meth:`astype` for fast searching.

    Parameters
    ----------
    A : operator or ndarray, shape (m, N)
        Forward operator, real. ``data_consistency`` needs it tight.
    layers : list of dict
        ``{"layer": "adjoint"}`` starts with :math:`A^*y` as one image,
        ``{"layer": "measurements"}`` with ``y``; then, with ``h`` the state:

        - ``dense`` (``weight`` (out, in), ``bias`` (out,)): on the flattened state;
        - ``conv`` (``weight`` (out, in, k, k), ``bias`` (out,)): zero-padded correlation;
        - ``relu``;
        - ``push`` / ``add``: save the state / add what was saved last;
        - ``data_consistency``: :math:`h + A^*(y-Ah)/c`, so that then :math:`Ah = y`;
        - ``scale`` (``factor``): multiply by a number.
    name : str
        Shown in reports.
    dtype : numpy dtype
        ``float64`` or ``float32``, the arithmetic of the layers. The products with ``A``
        are always taken in float64.

    Attributes
    ----------
    layers : list of dict
        The layers with the weights as they were given.
    precision : float
        Spacing of floats at 1 in ``dtype``.
    meta, path : dict, Path or None
        Description and file of a network that was loaded, see
        :func:`~kernelstab.maps.load_network`.

    Raises
    ------
    ValueError
        If ``A`` is complex or a layer does not fit; the message names its position.

    Notes
    -----
    Cost: a convolution takes ``2 k^2 channels_in channels_out n1 n2`` operations, and
    the gradient about twice that of the whole network.

    Examples
    --------
    ``relu(y) - relu(-y)`` is the identity:

    >>> psi = ReLUNetwork([[1.0]], [
    ...     {"layer": "measurements"},
    ...     {"layer": "dense", "weight": np.array([[1.0], [-1.0]]), "bias": np.zeros(2)},
    ...     {"layer": "relu"},
    ...     {"layer": "dense", "weight": np.array([[1.0, -1.0]]), "bias": np.zeros(1)}])
    >>> psi(np.array([-2.5])), psi.vjp(np.array([-2.5]), np.array([3.0]))
    (array([-2.5]), array([3.]))
    """

    def __init__(self, A, layers, name="network", *, dtype=np.float64):
        self.A, self.name = as_operator(A), name
        self.meta: dict = {}
        self.path: Path | None = None
        if not self.A.is_real:
            raise ValueError(f"A must be real for a ReLU network, got {self.A!r}")
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32 or float64, got {self.dtype}")
        self.precision = float(np.finfo(self.dtype).eps)
        self.layers = check_layers(layers, self.A)
        self._steps = [_prepared(layer, self.dtype) for layer in self.layers]

    def astype(self, dtype) -> "ReLUNetwork":
        """Return the same network computing in another precision."""
        network = ReLUNetwork(self.A, self.layers, self.name, dtype=dtype)
        network.meta, network.path = self.meta, self.path
        return network

    def __call__(self, y):
        return self._forward(y)[0]

    def vjp(self, y, u):
        r"""Return :math:`J(y)^Tu` by the reverse mode; the slope of ReLU at 0 is taken as 0.

        Raises
        ------
        ValueError
            If ``y`` or ``u`` has the wrong shape or is not finite.
        """
        return self.pullback(y)[1](u)

    def pullback(self, y):
        """Return the output and ``u -> vjp(y, u)``, after one evaluation for both."""
        x, active, shapes = self._forward(y)

        def pull(u):
            u = as_array(u, "u", shape=(self.A.shape[1],), real=True)
            return self._backward(u, active, shapes)

        return x, pull

    def _forward(self, y):
        """Return the output, the active sets of the ReLUs and the shapes before every step."""
        y = as_array(y, "y", shape=self.A.shape[:1], real=True)
        h, saved, active, shapes = y, [], [], []
        for kind, step in self._steps:
            shapes.append(h.shape)
            if kind == "adjoint":
                h = self.A.rmatvec(y).reshape(1, *self.A.image_shape).astype(self.dtype)
            elif kind == "measurements":
                h = y.astype(self.dtype)
            elif kind == "dense":
                h = step[0] @ h.ravel() + step[1]
            elif kind == "conv":
                h = convolve(h, step[0]) + step[2]
            elif kind == "relu":
                active.append(h > 0)
                h = np.maximum(h, 0)
            elif kind == "push":
                saved.append(h)
            elif kind == "add":
                h = h + saved.pop()
            elif kind == "data_consistency":
                correction = self._pull(y - self.A.matvec(h.ravel().astype(np.float64)))
                h = h + correction.reshape(h.shape)
            elif kind == "scale":
                h = step * h
        return h.ravel().astype(np.float64), active, shapes

    def _backward(self, u, active, shapes):
        """Walk the steps in reverse with the cotangent ``g`` of the state."""
        g, saved, active = u.astype(self.dtype), [], list(active)
        from_data = np.zeros(self.A.shape[0])
        for (kind, step), before in zip(self._steps[:0:-1], shapes[:0:-1], strict=True):
            if kind == "dense":
                g = step[0].T @ g.ravel()
            elif kind == "conv":
                g = convolve(g.reshape(len(step[0]), *before[1:]), step[1])
            elif kind == "relu":
                mask = active.pop()
                g = g.reshape(mask.shape) * mask
            elif kind == "add":        # reached first: one copy of g waits for the push
                saved.append(g.ravel())
            elif kind == "push":
                g = g.ravel() + saved.pop()
            elif kind == "data_consistency":
                through = self.A.matvec(g.ravel().astype(np.float64)) / self.A.tight
                from_data += through
                g = g.ravel() - self.A.rmatvec(through).astype(self.dtype)
            elif kind == "scale":
                g = step * g
        g = g.ravel().astype(np.float64)
        return from_data + (self.A.matvec(g) if self._steps[0][0] == "adjoint" else g)

    def _pull(self, residual):
        return (self.A.rmatvec(residual) / self.A.tight).astype(self.dtype)

    def spec(self):
        """Describe the network by its operator and its layers with exact weights."""
        operator = self.A.spec()
        return None if operator is None else {"kind": "network", "operator": operator, "layers": self.layers}


def _prepared(layer, dtype):
    """Return the kind of a layer and its arrays in working precision."""
    kind = layer["layer"]
    if kind == "dense":
        return kind, (layer["weight"].astype(dtype), layer["bias"].astype(dtype))
    if kind == "conv":
        weight = np.ascontiguousarray(layer["weight"], dtype=dtype)
        return kind, (weight, transposed_filters(weight), layer["bias"].astype(dtype)[:, None, None])
    return kind, (dtype.type(layer["factor"]) if kind == "scale" else None)
