"""Turn what users have into a reconstruction map, and refuse what is not a function."""

import copy
import importlib
import os
import re
import sys
from operator import attrgetter

import numpy as np

from kernelstab._checks import as_array, as_number, as_repeated, if_stored_as_complex
from kernelstab._errors import users_code
from kernelstab.maps.base import Map, as_signal
from kernelstab.maps.linear import LinearMap
from kernelstab.maps.network_file import load_network, shipped_networks
from kernelstab.operators import as_operator

_WAYS = {
    "not compiled with CUDA": "this torch has no CUDA: leave the network on the processor",
    "attempting to deserialize object on a CUDA": "give torch.load the argument map_location='cpu'",
    "must have the same dtype": "the measurement is in double precision: give the torch module itself",
    "must be Tensor, not": "the measurement is a numpy array: give the torch module itself",
    "requires grad": "compute with torch.no_grad(), or call detach()",
    "not fitted": "fit the estimator on measurements (n, m) and images (n, N) first; to fit it anew to every "
                  "measurement y, give a function such as lambda y: Lasso(alpha=0.1).fit(A, y).coef_",
    "features": "fit the estimator on measurements (n, m) and images (n, N)",
}
"""What to do about errors that users' code meets often, by a part of the message."""

_IMPORT = re.compile(r"[A-Za-z_]\w*(\.\w+)*:[A-Za-z_]\w*(\.\w+)*")


def as_map(thing, A, name=None):
    r"""Return a reconstruction map for measurements of ``A``.

    Parameters
    ----------
    thing : map, callable, torch module, ndarray, str or Path
        - a map of this package passes as it is;
        - any other callable ``(m,) -> (N,)`` is wrapped and every output is checked. An
          output in image form is flattened. If it offers ``vjp``, the search uses it;
        - a ``torch.nn.Module`` becomes a ``TorchMap`` that gets the measurements, or,
          if the module cannot take them, the image :math:`A^*y`; one that takes both and gives
          two answers is refused, because only its author knows what it is made for;
        - an array of shape ``(N, m)`` is a linear map;
        - an object that is not callable but has ``predict``, as estimators do, becomes
          :math:`y\mapsto` ``predict(y[None])[0]``;
        - ``"module:name"`` is imported; what is found there is adapted by these rules;
        - a path that ends in ``.npz``, or the name of a shipped network, is loaded.
          Other files are never opened, because unpickling one can run anything.
    A : operator or ndarray, shape (m, N)
        Forward operator; fixes the shapes and supplies the measurement for the checks.
    name : str, optional
        Shown in reports. Default: the name the thing has.

    Raises
    ------
    ValueError
        If the thing cannot be called with a measurement, is a class or makes maps instead of
        being one, is a refused file, belongs to an operator of another shape, or its output has
        the wrong shape, is not finite, or differs between two calls with the same measurement.
        Also if its own code or its import raises anything; that error is the cause (``__cause__``).

    Notes
    -----
    Every theorem about a map :math:`\Psi` uses that :math:`\Psi(y)` is one signal.
    Dropout, batch statistics and random starts break this, so two calls must agree in
    every bit. One agreement is evidence, not proof; :func:`check_function` repeats it
    on any measurement.

    Examples
    --------
    >>> psi = as_map(lambda y: 2 * y, np.eye(2), name="double")
    >>> psi, psi(np.array([1.0, 2.0]))
    (<CallableMap double>, array([2., 4.]))
    >>> as_map(lambda y: y[:1], np.eye(2))
    Traceback (most recent call last):
        ...
    ValueError: <CallableMap <lambda>> for A of shape (2, 2): map must return shape (2,), got (1,)
    """
    A = as_operator(A)
    label = None
    if isinstance(thing, (str, os.PathLike)):
        label = repr(str(thing))
        thing = _named(str(thing))
    if isinstance(thing, type):
        instance = thing.__name__
        raise ValueError(f"map {label or repr(instance)} is a class; give an instance, "
                         f"e.g. {instance.lower()} = {instance}()")
    torch = sys.modules.get("torch")     # a torch module can only exist if torch is loaded
    if torch is not None and isinstance(thing, torch.nn.Module):
        thing = _from_torch(thing, A, label)
    elif isinstance(thing, np.ndarray) or (torch is not None and isinstance(thing, torch.Tensor)):
        thing = LinearMap(thing)
    if not callable(thing) and not callable(getattr(thing, "predict", None)):
        way = "; put its weights into the module that they belong to" if isinstance(thing, dict) else ""
        raise ValueError(f"map must be callable, got {thing!r:.60}{way}")
    probe = _probe(A)
    ours = isinstance(thing, Map) and type(thing).__module__.startswith("kernelstab.")
    psi = copy.copy(thing) if ours else CallableMap(thing, A, label=label)
    try:
        output = check_function(psi, probe)
    except ValueError as error:
        if error.__cause__ is not None:                  # the map's own code failed and is named already
            raise
        taken = psi.matrix.shape[::-1] if isinstance(psi, LinearMap) else getattr(psi, "A", A).shape
        way = "; is the matrix transposed?" if taken == A.shape[::-1] != A.shape else ""
        raise ValueError(f"{psi!r} for A of shape {A.shape}: {error}{way}") from None
    if output.shape != A.shape[1:]:
        raise ValueError(f"{psi!r} for A of shape {A.shape}: map must return shape {A.shape[1:]}, "
                         f"got {output.shape}")
    if name is not None:
        psi.name = name
    return psi


def check_function(psi, y) -> np.ndarray:
    """Evaluate the map twice and return the output, if both agree in every bit.

    Raises
    ------
    ValueError
        If the outputs differ or are not finite.

    >>> check_function(lambda y: 2 * y, np.ones(2))
    array([2., 2.])
    """
    return as_repeated(psi, y, "map")


class CallableMap(Map):
    """Wrap a callable and check what goes in and what comes out.

    Parameters
    ----------
    function : callable, ndarray (m,) -> ndarray (N,), or an object with ``predict``
        Gets its own copy of the measurement, so that it cannot change the caller's.
        Its ``vjp``, ``spec``, ``precision`` and ``name`` are taken over if it has them.
    A : operator, shape (m, N)
        Fixes the shapes.
    label : str, optional
        How errors call the map. Default: its name in quotes.

    Raises
    ------
    ValueError
        When called: if its code raises anything, or what it returns is not a finite array of
        the right shape.
    """

    def __init__(self, function, A, *, label=None):
        self.function, self.A = function, as_operator(A)
        default = getattr(function, "__name__", type(function).__name__)
        self.name = str(getattr(function, "name", default))
        self.label = label or repr(self.name)
        self._call = function if callable(function) else lambda y: np.asarray(function.predict(y[None]))[0]
        self.precision = as_number(getattr(function, "precision", Map.precision), "precision", low=0.0)
        if callable(getattr(function, "vjp", None)):
            self.vjp = self._vjp

    def __call__(self, y):
        y = as_array(y, "y", shape=self.A.shape[:1])
        with users_code(f"map {self.label}", _WAYS):
            value = self._call(y.copy())
        return self._checked(value, True, "return")

    def _vjp(self, y, u):
        """Return what the callable's own ``vjp`` returns, checked."""
        with users_code(f"the vjp of map {self.label}"):
            value = self.function.vjp(y.copy(), u.copy())
        return self._checked(value, False, "give a vjp of")

    def _checked(self, value, signal, verb):
        if callable(value):
            raise ValueError(f"map must {verb} a numpy array, got a {type(value).__name__}: {self.label} "
                             "seems to make maps; give the map that it makes")
        array = as_array(value, f"output of {self.name}", copy=True)    # the callable may reuse its own
        if signal:
            return as_signal(array, self.A, f"map must {verb}")
        if array.shape != self.A.shape[:1]:
            raise ValueError(f"map must {verb} shape {self.A.shape[:1]}, got {array.shape}")
        return array

    def spec(self):
        """Return the callable's own description, or None."""
        describe = getattr(self.function, "spec", None)
        with users_code(f"the spec of map {self.label}"):
            return describe() if callable(describe) else None


def _probe(A):
    """Return a measurement of ``A`` without symmetries, the same every time."""
    return A.matvec(np.cos(np.arange(1.0, A.shape[1] + 1)))


def _from_torch(module, A, label):
    """Find out by trying whether a torch module takes measurements or images; two answers are refused."""
    from kernelstab.maps.torch_map import TorchMap

    psi, reasons, outputs = TorchMap(module, A), {}, {}
    for start in ("adjoint-image", "measurements"):
        psi.input = start
        try:
            outputs[start] = psi(_probe(A))
        except ValueError as error:
            reasons[start] = error
    prefix = "" if label is None else f"map {label}: "
    named = f"{prefix}module {type(module).__name__} for A of shape {A.shape}"
    if not outputs:
        first, second = reasons["measurements"], reasons["adjoint-image"]
        way = "" if A.is_real else if_stored_as_complex(A, "A")
        raise ValueError(f"{named} fails on measurements: {first}; adjoint-image: {second}"
                         f"{way}") from second.__cause__
    psi.input = next(reversed(outputs))
    repeated = np.array_equal(psi(_probe(A)), outputs[psi.input])       # if not, it is no map at all
    one, other = next(iter(outputs.values())), outputs[psi.input]
    if repeated and np.linalg.norm(one - other) > 1e-4 * np.linalg.norm(other):
        raise ValueError(f"{named} takes the measurements and the image A*y, with different results; say "
                         "which it is made for: TorchMap(module, A, input='measurements') or 'adjoint-image'")
    return psi


def _named(text):
    """Return the object that a string stands for: a weights file, a shipped network, an import."""
    if text.endswith(".npz") or text in shipped_networks():
        return load_network(text)
    if not _IMPORT.fullmatch(text):
        way = ""
        if text.endswith((".pt", ".pth", ".ckpt", ".pkl", ".bin")):
            way = (f". Write two lines into a file mine.py, `net = Network()` with your own class and "
                   f"`net.load_state_dict(torch.load({text!r}, map_location='cpu', weights_only=True))`, "
                   "and give mine:net")
        raise ValueError("map must be module:name, a .npz file or one of "
                         f"{shipped_networks()}, got {text!r}; other files are never opened{way}")
    module, attribute = text.split(":")
    with users_code(f"importing map {text!r}", _WAYS):
        found = importlib.import_module(module)
    try:
        return attrgetter(attribute)(found)
    except AttributeError as error:
        raise ValueError(f"map {text!r}: {error}") from None
