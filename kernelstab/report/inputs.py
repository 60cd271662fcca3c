"""What is given: arrays from files, read without running anything in them, and the problem of an audit."""

import copy
import importlib
import math
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path

import numpy as np

from kernelstab import data
from kernelstab._checks import as_array, as_generator, as_number, if_stored_as_complex, warn_of_grey_values
from kernelstab._errors import users_code
from kernelstab._files import read_numpy
from kernelstab.maps import QCBPMap, ReLUNetwork, Tikhonov, TVMap, as_map, load_network, shipped_networks
from kernelstab.operators import ForwardOperator, SubsampledFourier, as_operator, masks

NETWORKS = {"fourier": "mri64-fourier", "gaussian": "mri32-gaussian"}
"""The shipped network of each operator that can be asked for by name."""

BASELINES = ("tv", "wavelets", "sparse", "tikhonov")
"""What an audited map can be compared with, by name."""

_SPARSE_SIGNALS = 12
_NOISE_SHARE = 0.01
_MOST_SIDE = 1 << 26     # of a sparse matrix, whose pointers take a number for each row or column
_DAMAGED = (ValueError, OSError, EOFError, MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What numpy raises on files that are torn, encrypted or made up."""


def read_matrix(path, name="operator"):
    """Read a forward matrix from ``.npy`` or ``.npz``.

    Parameters
    ----------
    path : str or Path
        An array of shape ``(m, N)``; or an archive that holds one array, or one called
        ``A`` or ``matrix``; or a sparse matrix written by ``scipy.sparse.save_npz``.
    name : str
        What messages call it.

    Returns
    -------
    ndarray or scipy.sparse array

    Raises
    ------
    ValueError
        If the file is missing, is of another kind or holds no matrix; the message names it.
        Pickled content is refused, because reading it would run it.
    """
    words = " (the words fourier and gaussian name the shipped operators)" if name == "operator" else ""
    arrays = read_arrays(path, name, words)
    if not {"format", "shape"} <= set(arrays):
        return as_array(one_array(arrays, ("A", "matrix"), path, name), name, ndim=2)
    try:
        return _sparse(arrays)
    except (*_DAMAGED, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"{name}: {path} is no sparse matrix: {error}") from None


def _sparse(arrays):
    """Return the sparse matrix that :func:`scipy.sparse.save_npz` stored, with every index checked."""
    from scipy import sparse

    stored = arrays["format"].item()
    kind = stored.decode("ascii") if isinstance(stored, bytes) else stored
    shape = tuple(arrays["shape"].tolist())
    if len(shape) != 2 or not all(type(n) is int and 1 <= n <= _MOST_SIDE for n in shape):
        raise ValueError(f"shape must be two numbers from 1 to {_MOST_SIDE}, got {shape}")
    values = as_array(arrays["data"], "data")
    names = {"coo": ("row", "col"), "dia": ("offsets",)}.get(kind, ("indices", "indptr"))
    if kind not in ("csr", "csc", "bsr", "coo", "dia"):
        raise ValueError(f"format must be csr, csc, bsr, coo or dia, got {kind!r:.40}")
    if any(arrays[name].dtype.kind not in "iu" for name in names):
        raise ValueError("indices must be integers")
    # differences of unsigned numbers are never negative, and scipy looks at no pointers if the last one is 0
    index = tuple(arrays[name].astype(np.int64) for name in names)
    if "indptr" in names and (np.diff(index[1]) < 0).any():
        raise ValueError("pointers must not fall")
    held = (values, index) if kind == "coo" else (values, *index)
    found = getattr(sparse, f"{kind}_array")(held, shape=shape)
    if kind in ("csr", "csc", "bsr"):
        found.check_format(full_check=True)
    return found


def read_images(path) -> np.ndarray:
    """Read images from ``.npy`` or ``.npz``.

    Parameters
    ----------
    path : str or Path
        An array of shape ``(n, rows, columns)``, ``(rows, columns)``, ``(n, N)`` or ``(N,)``;
        or an archive that holds one array, or one called ``images`` or ``x``.

    Raises
    ------
    ValueError
        As for :func:`read_matrix`.
    """
    images = one_array(read_arrays(path, "images"), ("images", "x"), path, "images")
    as_array(images, "images")
    return images           # as stored: whole numbers tell how grey values are coded


def read_mask(path, *, centred=False) -> SubsampledFourier:
    """Read a sampling mask of an MRI scan and return its operator for real images.

    Parameters
    ----------
    path : str or Path
        An array of bool, or of 0 and 1, with the shape of the images; or an archive that holds one array, or
        one called ``mask``.
    centred : bool
        Whether the zero frequency is drawn in the middle; by default it is the first entry.

    Returns
    -------
    SubsampledFourier
        The data of a real image at opposite frequencies are conjugate, so a mask that holds one of a pair is
        given the other.

    Raises
    ------
    ValueError
        As for :func:`read_matrix`.
    """
    mask = masks.as_mask(one_array(read_arrays(path, "mask"), ("mask",), path, "mask"), f"mask: {path}")
    if not centred:
        return SubsampledFourier(masks.symmetrise(mask), real=True)       # warns if it looks centred
    whole = masks.symmetrise(np.fft.ifftshift(mask))
    return SubsampledFourier(np.fft.fftshift(whole), real=True, centred=True)


def read_arrays(path, name, hint="") -> dict:
    """Read all arrays of a ``.npy`` or ``.npz`` file by their names; the one of a ``.npy`` is called ``""``.

    Raises
    ------
    ValueError
        As for :func:`read_matrix`.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{name} must be a file, but {path} is a folder")
    if not path.exists():
        raise ValueError(f"{name}: no such file: {path}{hint}")
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"{name} must be a .npy or .npz file, got {str(path)!r}; numpy.save writes one")
    try:
        return read_numpy(path)
    except _DAMAGED as error:
        raise ValueError(f"{name}: {path} cannot be read as plain arrays: {error}") from None


def one_array(arrays, names, path, name):
    """Return the array that is meant: the only one, or the one with a known name."""
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    for key in names:
        if key in arrays:
            return arrays[key]
    raise ValueError(f"{name}: {path} must hold one array or one called {' or '.join(names)}, "
                     f"got {sorted(arrays)}")


@dataclass(frozen=True, repr=False, eq=False)
class AuditProblem:
    """An operator, named maps (the audited one first) and images that fit together.

    Attributes
    ----------
    A : ForwardOperator, shape (m, N)
    maps : dict of str to ReconstructionMap
        The audited map first, then those it is compared with.
    images : ndarray, shape (n, N)
        Flattened signals, not zero.
    about : dict of str to str
        One line each on ``operator``, ``images`` and every map.
    """

    A: ForwardOperator
    maps: dict
    images: np.ndarray
    about: dict = field(default_factory=dict)

    @property
    def audited(self) -> str:
        """Name of the map under audit."""
        return next(iter(self.maps))

    def picture(self, x) -> np.ndarray:
        """Return a signal as something to look at: its image, or a strip if it has one dimension."""
        image = np.asarray(x).reshape(self.A.image_shape)
        if image.ndim == 2 and min(image.shape) > 1:
            return image
        flat = image.ravel()
        return np.tile(flat, (max(4, len(flat) // 6), 1))

    def spread(self, count) -> "AuditProblem":
        """Return the problem with at most ``count`` images, taken at equal distances."""
        if count >= len(self.images):
            return self
        chosen = np.linspace(0, len(self.images) - 1, count).round().astype(int)
        about = self.about | {"images": f"{self.about['images']}; {count} of {len(self.images)}"}
        return replace(self, images=self.images[chosen], about=about)

    def __repr__(self):
        return f"<AuditProblem {self.A!r}, {', '.join(self.maps)}, {len(self.images)} images>"


def pose(A=None, maps=None, images=None, *, name=None, baselines=None, eta=None, rng=0) -> AuditProblem:
    """Put together what is audited, filling in whatever is not given.

    Parameters
    ----------
    A : operator, ndarray, str, optional
        ``"fourier"`` or ``"gaussian"`` for those of the shipped networks, or ``"module:name"`` of an
        operator, a matrix or a function that makes one; default: the operator of the map if it brings
        one, else ``"fourier"``.
    maps : map, callable, torch module, str, or dict of str to these, optional
        One map is compared with the baselines; a dictionary is taken as it is, its first map being the
        audited one. Default: the network shipped for the operator, where there is one, else the first
        baseline.
    images : ndarray, shape (n, rows, columns), (rows, columns), (n, N) or (N,), optional
        Default: held-out MR slices where their size fits, else random sparse signals.
    name : str, optional
        What the report calls the one map that is given.
    baselines : sequence of str, optional
        Of ``"tv"`` (total variation), ``"wavelets"``, ``"sparse"`` (recovery of signals that are sparse
        themselves), ``"tikhonov"``, and what :func:`kernelstab.maps.as_map` takes as text. Default: total
        variation, wavelets where the sides of the image allow them, and Tikhonov; ``"sparse"`` and Tikhonov
        where signals are no images.
    eta : float, optional
        Noise level of the sparse baselines, in units of the data. The audit simulates data without noise, so
        the default is a rule: a hundredth of the median norm of the data.
    rng : int or Generator
        Seed of the random signals.

    Returns
    -------
    AuditProblem

    Raises
    ------
    ValueError
        If a part is malformed or does not fit the others, as a map that was made for another operator; the
        message names it.

    Examples
    --------
    >>> problem = pose(np.eye(2, 4), lambda y: np.append(y, [0, 0]), np.ones((3, 2, 2)))
    >>> problem.audited, list(problem.maps), problem.images.shape, problem.A.image_shape
    ('<lambda>', ['<lambda>', 'TV', 'Tikhonov'], (3, 4), (2, 2))
    """
    about: dict[str, str] = {}
    A, maps = _operator(A, maps, about)
    A, signals = _images(A, images, about, rng)
    if name is not None and (maps is None or isinstance(maps, dict)):
        raise ValueError(f"name must come with the one map that it names, got {name!r}")
    given = maps if isinstance(maps, dict) else {name: maps} if maps is not None else {}
    adapted = [as_map(thing, A, name=called) for called, thing in given.items()]
    for psi in adapted:
        _same_operator(psi, A)
    alone = isinstance(maps, dict) and baselines is None
    companions = [] if alone else _companions(A, signals, baselines, eta)
    chosen = {psi.name: psi for psi in adapted}
    chosen |= {psi.name: psi for psi in companions if psi.name not in chosen}
    if not chosen:
        raise ValueError("maps must hold a map where there are no baselines")
    rule = ", given" if eta is not None else ", a hundredth of the median norm of the data without noise"
    about |= {called: _describe(psi, rule if any(psi is own for own in companions) else "")
              for called, psi in chosen.items()}
    return AuditProblem(A, chosen, signals, about)


def _same_operator(psi, A):
    """Refuse a map that was made for another operator than ``A``: its answers would mean nothing."""
    own = getattr(getattr(psi, "function", psi), "A", None)      # a callable is asked for its own
    if not hasattr(own, "matvec") or own is A:
        return
    probe = np.cos(np.arange(1.0, A.shape[1] + 1))
    here, there = A.matvec(probe), as_operator(own).matvec(probe) if own.shape == A.shape else 0.0
    if own.shape != A.shape or np.linalg.norm(here - there) > 1e-6 * np.linalg.norm(here):
        raise ValueError(f"map {psi.name} was made for another operator: {own!r} and {A!r} give different "
                         "data. Leave the operator out to audit the map on its own, or wrap the map in a "
                         "function to audit it on purpose on data that it was not made for")


def _operator(A, maps, about):
    """Return the operator and the map that goes with it by default."""
    origin = ""
    if A is None and isinstance(maps, str) and (maps.endswith(".npz") or maps in NETWORKS.values()):
        maps = load_network(maps)
    if A is None and getattr(maps, "A", None) is not None:
        A, origin = maps.A, f" of {maps.name}"
    if A is None or isinstance(A, str):
        name = "fourier" if A is None else A
        if ":" in name:
            A, origin = _imported(name), f", {name}"
        elif name not in NETWORKS:
            raise ValueError(f"A must be an operator, module:name or one of {sorted(NETWORKS)}, got {name!r}")
        else:
            network = load_network(NETWORKS[name])
            A, origin, maps = network.A, ", as shipped", network if maps is None else maps
    A = as_operator(A)
    about["operator"] = f"{A!r}".strip("<>") + origin
    return A, maps


def _imported(text):
    """Return the operator or matrix that ``module:name`` stands for, made if it is a function."""
    module, _, attribute = text.partition(":")
    with users_code(f"importing operator {text!r}"):
        found = attrgetter(attribute)(importlib.import_module(module))
        return found() if callable(found) and not hasattr(found, "shape") else found


def _images(A, images, about, rng):
    """Return the operator with its image shape, and the flattened images."""
    n = A.shape[1]
    if images is not None:
        images, given = as_array(images, "images"), images
        warn_of_grey_values(given, "images", stacklevel=4)
        about["images"] = f"given, shape {images.shape}"
        return _fit(A, images)
    side = math.isqrt(n)
    if side * side == n and side in (32, 64, 128) and A.image_shape in ((n,), (side, side)):
        about["images"] = f"held-out MR slices of the MNI template, {side} x {side}"
        return _fit(A, data.slices(side, "test"))
    sparsity = max(1, min(A.shape[0] // 8, n // 8))
    generator = as_generator(rng)
    about["images"] = f"random signals with {sparsity} nonzero entries (no bundled image has {n} pixels)"
    signals = np.array([data.sparse_vector(n, sparsity, rng=generator) for _ in range(_SPARSE_SIGNALS)])
    return A, signals.reshape(_SPARSE_SIGNALS, n)


def _fit(A, images):
    """Return the operator with the shape of the images, one or many, and these flattened.

    An axis of one channel, in front of each image or behind it, is dropped.
    """
    n, given = A.shape[1], images.shape
    one_image = images.shape == A.image_shape or (images.size == n and images.shape[-1] != n)
    if images.shape == (n,) or (images.ndim in (2, 3) and one_image and images.shape[0] != 1):
        images = images[None]
    shape = images.shape[1:]
    if len(shape) == 3 and shape != A.image_shape and 1 in (shape[0], shape[2]):
        shape = shape[1:] if shape[0] == 1 else shape[:2]
    if math.prod(shape) != n or not (len(shape) in (1, 2) or shape == A.image_shape):
        way = ""
        if len(shape) == 3:
            way = "; of several channels choose one, images[:, 0] or images[..., 0]"
        elif A.shape[0] != n and A.shape[0] in (given[-1], math.prod(shape), images.size):
            way = "; is the matrix transposed?"
        raise ValueError(f"images must have {n} pixels each, as the operator has {n} columns, "
                         f"got shape {given}{way}")
    if len(shape) == 2 and A.image_shape != shape:
        if A.image_shape != (n,):
            raise ValueError(f"images must have shape {A.image_shape}, got {shape}")
        A = copy.copy(A)
        A.image_shape = shape
    signals = images.reshape(len(images), n)
    if A.is_real and np.iscomplexobj(signals):
        raise ValueError(f"images must be real for a real operator, got dtype {images.dtype}"
                         f"{if_stored_as_complex(images, 'images')}")
    for index, signal in enumerate(signals):
        if not signal.any():
            raise ValueError(f"images must not be zero, but number {index} is")
    return A, signals


def _describe(psi, rule="") -> str:
    """Say in one line what a map is, with the numbers that fix it."""
    meta = getattr(psi, "meta", {})
    if isinstance(psi, (QCBPMap, TVMap)):
        if isinstance(psi, TVMap):
            least = "total variation, the sum of the lengths of the differences of neighbouring pixels,"
        else:
            least = f"sum of absolute {'entries' if psi.wavelet is None else f'{psi.wavelet} coefficients'}"
        return (f"sparse recovery: least {least} with |Ax - y| <= eta = {psi.eta:.3g}{rule}; solved to a "
                f"relative duality gap of {psi.tol:g}")
    if isinstance(psi, Tikhonov):
        return f"linear, without a model of images: (A*A + {psi.lam:.3g} I)^-1 A*y"
    if isinstance(psi, ReLUNetwork):
        trained = f", trained by {meta['command']}" if "command" in meta else ""
        return f"ReLU network of {len(psi.layers)} layers{trained}"
    return repr(psi).strip("<>")


def _companions(A, signals, names, eta) -> list:
    """Return the baselines, tuned to the size of the measurements.

    A hundredth of the data is what ``wavelet_qcbp`` recommends for clean data; the weight of
    Tikhonov keeps its bias at a hundredth as well.
    """
    size = float(np.median([np.linalg.norm(A.matvec(x)) for x in signals]))
    if size == 0:
        raise ValueError("images must be seen by the operator, but their measurements are all zero")
    image = len(A.image_shape) == 2 and min(A.image_shape) > 1
    if names is None:
        wavelets = image and all(side % 2 == 0 and side >= 8 for side in A.image_shape)
        names = (*(("tv",) if image else ("sparse",)), *(("wavelets",) if wavelets else ()), "tikhonov")
    level = _NOISE_SHARE * size if eta is None else as_number(eta, "eta", low=0)
    made = {"tv": lambda: TVMap(A, level, tol=1e-3),
            "wavelets": lambda: QCBPMap(A, level, tol=1e-3, name="Wavelets"),
            "sparse": lambda: QCBPMap(A, level, None, tol=1e-3, name="QCBP"),
            "tikhonov": lambda: Tikhonov(A, 1e-2 * A.norm_upper**2, name="Tikhonov")}
    unknown = [name for name in names if name not in made and ":" not in name
               and not name.endswith(".npz") and name not in shipped_networks()]
    if unknown:
        raise ValueError(f"baselines must be of {', '.join(BASELINES)} or module:name, got {unknown[0]!r}")
    return [made[name]() if name in made else as_map(name, A) for name in names]
