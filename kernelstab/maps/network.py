"""ReLU networks in numpy: layers as plain dictionaries, evaluated and differentiated without a framework.

The list of kinds is closed, because certificates evaluate the same list in ball arithmetic.
"""

import numpy as np

from kernelstab._checks import as_array, as_number, if_stored_as_complex
from kernelstab.maps.base import Map
from kernelstab.operators import as_operator

STARTS = ("adjoint", "measurements")
WEIGHTED = ("dense", "conv")
PLAIN = ("relu", "push", "add", "data_consistency", "scale")
FIELDS = {"dense": {"weight", "bias"}, "conv": {"weight", "bias"}, "scale": {"factor"}}


class ReLUNetwork(Map):
    r"""Evaluate a list of layers: convolutions, dense layers, ReLU, skips, data consistency.

    The map *is* the network in real arithmetic with the stored weights, which are floats
    and hence exact numbers; ``numpy`` evaluates it in float64.

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

    Attributes
    ----------
    layers : list of dict
        The layers with the weights as they were given.
    meta : dict
        Description of a network that was loaded, see :func:`~kernelstab.maps.load_network`.

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

    def __init__(self, A, layers, name="network"):
        self.A, self.name = as_operator(A), name
        self.meta: dict = {}
        if not self.A.is_real:
            raise ValueError(f"A must be real for a ReLU network, got {self.A!r}"
                             f"{if_stored_as_complex(self.A, 'A')}")
        self.layers = check_layers(layers, self.A)
        self._steps = [_prepared(layer) for layer in self.layers]

    def __call__(self, y):
        return self._forward(y)[0]

    def vjp(self, y, u):
        r"""Return :math:`J(y)^Tu` by the reverse mode; the slope of ReLU at 0 is taken as 0."""
        return self.pullback(y)[1](u)

    def pullback(self, y):
        """Return the output and ``u -> vjp(y, u)``, after one evaluation for both."""
        x, active, shapes = self._forward(y)

        def transposed(u):
            u = as_array(u, "u", shape=(self.A.shape[1],), real=True)
            return self._backward(u, active, shapes)

        return x, transposed

    def _forward(self, y):
        """Return the output, the active sets of the ReLUs and the shapes before every step."""
        y = as_array(y, "y", shape=self.A.shape[:1], real=True)
        h, saved, active, shapes = y, [], [], []
        for kind, step in self._steps:
            shapes.append(h.shape)
            if kind == "adjoint":
                h = self.A.rmatvec(y).reshape(1, *self.A.image_shape)
            elif kind == "measurements":
                h = y
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
                residual = y - self.A.matvec(h.ravel())
                h = h + (self.A.rmatvec(residual) / self.A.tight).reshape(h.shape)
            elif kind == "scale":
                h = step * h
        return h.flatten(), active, shapes

    def _backward(self, u, active, shapes):
        """Go through the steps in reverse with the cotangent ``g`` of the state."""
        g, saved, active = u, [], list(active)
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
                through = self.A.matvec(g.ravel()) / self.A.tight
                from_data += through
                g = g.ravel() - self.A.rmatvec(through)
            elif kind == "scale":
                g = step * g
        g = g.ravel()
        return from_data + (self.A.matvec(g) if self._steps[0][0] == "adjoint" else g)

    def spec(self):
        """Describe the network by its operator and its layers with exact weights."""
        operator = self.A.spec()
        return None if operator is None else {"kind": "network", "operator": operator, "layers": self.layers}


def _prepared(layer):
    """Return the kind of a layer with what its step needs, in double precision."""
    kind = layer["layer"]
    if kind not in WEIGHTED:
        return kind, layer.get("factor")
    weight, bias = (np.ascontiguousarray(layer[field], dtype=np.float64) for field in ("weight", "bias"))
    if kind == "conv":
        return kind, (weight, transposed_filters(weight), bias[:, None, None])
    return kind, (weight, bias)


def convolve(h, weight) -> np.ndarray:
    r"""Correlate a stack of images with a stack of filters, zero outside the image.

    .. math:: g_{o,p} = \sum_{c,q} w_{o,c,q}\, h_{c,\,p+q-\lfloor k/2\rfloor}

    ``h`` has shape ``(channels_in, n1, n2)`` and ``weight`` ``(channels_out, channels_in, k, k)``, ``k`` odd.
    Every patch becomes a column of one matrix, so that the sum is one matrix product;
    of five ways tried this was the plainest and within a tenth of the fastest.

    A filter with its only one right of the centre fetches the right neighbour:

    >>> w = np.zeros((1, 1, 3, 3)); w[0, 0, 1, 2] = 1.0
    >>> convolve(np.array([[[1.0, 2.0, 3.0]]]), w)
    array([[[2., 3., 0.]]])
    """
    channels, n1, n2 = h.shape
    side = weight.shape[-1]
    half = side // 2
    padded = np.zeros((channels, n1 + 2 * half, n2 + 2 * half), dtype=h.dtype)
    padded[:, half:half + n1, half:half + n2] = h
    patches = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    columns = patches.transpose(0, 3, 4, 1, 2).reshape(channels * side * side, n1 * n2)
    return (weight.reshape(len(weight), -1) @ columns).reshape(len(weight), n1, n2)


def transposed_filters(weight) -> np.ndarray:
    """Return the filters whose convolution is the transpose: turned by 180 degrees, channels exchanged.

    >>> w = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> transposed_filters(w)[0, 0, 0]
    array([8., 7., 6.])
    """
    return np.ascontiguousarray(weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3))


def check_layers(layers, A) -> list[dict]:
    """Return the layers with checked arrays; what does not fit is named by its position."""
    if not layers:
        raise ValueError("layers must not be empty")
    checked, shape, saved = [_checked(position, layer) for position, layer in enumerate(layers)], (), []
    for position, layer in enumerate(checked):
        shape = _shape_after(f"layers[{position}]", layer, shape, saved, A)
    if int(np.prod(shape)) != A.shape[1]:
        raise ValueError(f"layers must end with {A.shape[1]} entries, got shape {shape}")
    if saved:
        raise ValueError(f"layers must add what they push, got {len(saved)} push without add")
    return checked


def _checked(position, layer):
    """Return one layer with its arrays as arrays of floats in the precision they came in."""
    where = f"layers[{position}]"
    kind = layer.get("layer") if isinstance(layer, dict) else None
    if kind not in STARTS + WEIGHTED + PLAIN:
        raise ValueError(f"{where} must be one of {', '.join(STARTS + WEIGHTED + PLAIN)}, got {layer!r:.80}")
    fields, wanted = set(layer) - {"layer"}, FIELDS.get(kind, set())
    if fields != wanted:
        raise ValueError(f"{where} ({kind}) must have the fields {sorted(wanted)}, got {sorted(fields)}")
    if (kind in STARTS) != (position == 0):
        raise ValueError(f"{where} ({kind}): a network starts with adjoint or measurements, and only there")
    if kind == "scale":
        return {"layer": kind, "factor": as_number(layer["factor"], f"{where}.factor")}
    if kind not in WEIGHTED:
        return {"layer": kind}
    weight, bias = (np.asarray(layer[field]) for field in ("weight", "bias"))
    for field, array in (("weight", weight), ("bias", bias)):
        if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
            raise ValueError(f"{where}.{field} must be finite floats, got dtype {array.dtype}")
    if weight.ndim != (2 if kind == "dense" else 4) or bias.shape != weight.shape[:1]:
        raise ValueError(f"{where} ({kind}): weight and bias do not fit, got {weight.shape} and {bias.shape}")
    if kind == "conv" and (weight.shape[2] != weight.shape[3] or weight.shape[2] % 2 == 0):
        raise ValueError(f"{where} (conv): filters must be square and odd, got {weight.shape[2:]}")
    return {"layer": kind, "weight": weight, "bias": bias}


def _shape_after(where, layer, shape, saved, A):
    """Return the shape of the state after the layer; ``saved`` is the stack of pushed shapes."""
    kind = layer["layer"]
    if kind == "adjoint":
        return (1, *A.image_shape)
    if kind == "measurements":
        return A.shape[:1]
    if kind == "dense":
        out, width = layer["weight"].shape
        if int(np.prod(shape)) != width:
            raise ValueError(f"{where} (dense) expects {width} entries, got a state of shape {shape}")
        return (out,)
    if kind == "conv":
        out, channels = layer["weight"].shape[:2]
        if len(shape) != 3 or shape[0] != channels:
            raise ValueError(f"{where} (conv) expects {channels} images, got a state of shape {shape}")
        return (out, *shape[1:])
    if kind == "data_consistency" and A.tight is None:
        raise ValueError(f"{where} (data_consistency) needs A A* = c I, got {A!r}")
    if kind == "data_consistency" and int(np.prod(shape)) != A.shape[1]:
        raise ValueError(f"{where} (data_consistency) expects one signal, got a state of shape {shape}")
    if kind == "push":
        saved.append(shape)
    if kind == "add" and (not saved or saved.pop() != shape):
        raise ValueError(f"{where} (add) needs a pushed state of shape {shape}")
    return shape
