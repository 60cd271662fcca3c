"""Reading the user's files."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from kernelstab.report.inputs import read_images, read_matrix

MATRIX = np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])


def test_matrix_from_npy(tmp_path):
    np.save(tmp_path / "a.npy", MATRIX)
    assert np.array_equal(read_matrix(tmp_path / "a.npy"), MATRIX)


def test_matrix_from_npz_by_being_alone_or_by_name(tmp_path):
    np.savez(tmp_path / "one.npz", whatever=MATRIX)
    np.savez(tmp_path / "two.npz", A=MATRIX, angles=np.arange(4))
    assert np.array_equal(read_matrix(tmp_path / "one.npz"), MATRIX)
    assert np.array_equal(read_matrix(tmp_path / "two.npz"), MATRIX)


def test_sparse_matrix(tmp_path):
    sparse.save_npz(tmp_path / "s.npz", sparse.csr_array(MATRIX))
    assert np.array_equal(read_matrix(tmp_path / "s.npz").toarray(), MATRIX)


def test_images(tmp_path):
    images = np.arange(12.0).reshape(3, 2, 2)
    np.savez(tmp_path / "i.npz", images=images, labels=np.arange(3))
    assert np.array_equal(read_images(tmp_path / "i.npz"), images)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"operator: no such file: .*nowhere\.npy"):
        read_matrix(tmp_path / "nowhere.npy")


def test_other_suffixes_are_refused(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"anything")
    with pytest.raises(ValueError, match=r"images must be a .npy or .npz file, got '.*model.pt'"):
        read_images(tmp_path / "model.pt")


class _Bomb:
    """An object whose unpickling leaves a trace."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return (open, (self.place, "w"))


def test_pickles_are_not_run(tmp_path):
    trace = tmp_path / "trace"
    (tmp_path / "bomb.npy").write_bytes(pickle.dumps(_Bomb(str(trace))))
    np.save(tmp_path / "object.npy", np.array([_Bomb(str(trace))], dtype=object), allow_pickle=True)
    for name in ("bomb.npy", "object.npy"):
        with pytest.raises(ValueError, match="cannot be read as plain arrays"):
            read_matrix(tmp_path / name)
    assert not trace.exists()


def test_a_torn_archive_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", A=MATRIX)
    torn = (tmp_path / "a.npz").read_bytes()[:40]
    (tmp_path / "a.npz").write_bytes(torn)
    with pytest.raises(ValueError, match="cannot be read as plain arrays"):
        read_matrix(tmp_path / "a.npz")


def test_an_ambiguous_archive_lists_what_it_holds(tmp_path):
    np.savez(tmp_path / "a.npz", left=MATRIX, right=MATRIX)
    with pytest.raises(ValueError, match=r"or one called A or matrix, got \['left', 'right'\]"):
        read_matrix(tmp_path / "a.npz")


def test_nan_is_found(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match=r"operator must be finite, got nan at index \(0, 1\)"):
        read_matrix(tmp_path / "a.npy")
