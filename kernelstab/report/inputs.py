"""Matrices and images from the user's files, read without running anything in them."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from kernelstab._checks import as_array

_DAMAGED = (ValueError, OSError, EOFError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error)
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
    path = _existing(path, name, words)
    arrays = _read(path, name)
    if "format" in arrays and "indptr" in arrays:
        return _sparse(path)
    return as_array(_one(arrays, ("A", "matrix"), path, name), name, ndim=2)


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
    path = _existing(path, "images")
    return as_array(_one(_read(path, "images"), ("images", "x"), path, "images"), "images")


def read_arrays(path, name) -> dict:
    """Read all arrays of a ``.npy`` or ``.npz`` file by their names; the one of a ``.npy`` is called ``""``.

    Raises
    ------
    ValueError
        As for :func:`read_matrix`.
    """
    return _read(_existing(path, name), name)


def _existing(path, name, hint=""):
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{name} must be a file, but {path} is a folder")
    if not path.is_file():
        raise ValueError(f"{name}: no such file: {path}{hint}")
    if path.suffix not in (".npy", ".npz"):
        raise ValueError(f"{name} must be a .npy or .npz file, got {str(path)!r}")
    return path


def _read(path, name) -> dict:
    try:
        with open(path, "rb") as stream:       # numpy leaves a damaged archive open if it opens it itself
            loaded = np.load(stream, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"": loaded}
            return {key: loaded[key] for key in loaded.files}
    except _DAMAGED as error:
        raise ValueError(f"{name}: {path} cannot be read as plain arrays: {error}") from None


def _sparse(path):
    from scipy import sparse

    try:
        return sparse.load_npz(path)
    except (*_DAMAGED, KeyError, TypeError) as error:
        raise ValueError(f"operator: {path} is no sparse matrix: {type(error).__name__}: {error}") from None


def _one(arrays, names, path, name):
    """Return the array that is meant: the only one, or the one with a known name."""
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    for key in names:
        if key in arrays:
            return arrays[key]
    raise ValueError(f"{name}: {path} must hold one array or one called {' or '.join(names)}, "
                     f"got {sorted(arrays)}")
