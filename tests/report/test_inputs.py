"""Reading the user's files, and posing the problem: what is filled in, what is refused."""

import pickle

import numpy as np
import pytest
from scipy import sparse

from kernelstab.maps import LinearMap, QCBPMap, TVMap, load_network
from kernelstab.operators import SubsampledFourier, as_operator, masks
from kernelstab.report.inputs import pose, read_images, read_mask, read_matrix

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


@pytest.mark.parametrize("kind", ["csr", "csc", "bsr", "coo", "dia"])
def test_every_index_of_a_sparse_file_is_checked(tmp_path, kind):
    path = tmp_path / "s.npz"
    sparse.save_npz(path, getattr(sparse, f"{kind}_array")(MATRIX))
    assert np.array_equal(read_matrix(path).toarray(), MATRIX)
    with np.load(path) as stored:
        arrays = dict(stored)
    index = {"coo": "row", "dia": "offsets"}.get(kind, "indices")
    wrong = [{"shape": np.array([10**12, 2])}, {"shape": np.array([2, 0])}, {"format": np.array("xyz")},
             {"data": arrays["data"] * np.nan}, {index: arrays[index] + 0.5}]
    if kind != "dia":           # a diagonal outside the matrix is empty
        wrong += [{index: arrays[index] + 5}, {index: arrays[index] - 5}]
    if "indptr" in arrays:      # pointers that fall, also as unsigned numbers
        falling = arrays["indptr"].copy()
        falling[1:-1] = falling[-1] + 3
        wrong += [{"indptr": falling.astype(dtype)} for dtype in (np.int32, np.uint64, np.uint8)]
        wrong += [{"indptr": np.append(arrays["indptr"][:-1], 0)}]      # scipy would crash
    for change in wrong:
        np.savez(path, **(arrays | change))
        with pytest.raises(ValueError, match=r"s\.npz is no sparse matrix: "):
            read_matrix(path)


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


def test_nothing_given_is_the_shipped_network_on_held_out_slices():
    problem = pose()
    assert list(problem.maps) == ["mri64-fourier", "TV", "Wavelets", "Tikhonov"]
    assert problem.audited == "mri64-fourier"
    assert problem.images.shape == (39, 4096)
    assert problem.A.shape[1] == 4096
    assert "kernelstab train" in problem.about["mri64-fourier"]


def test_a_network_by_name_brings_its_operator_and_size():
    problem = pose(maps="mri32-gaussian")
    assert problem.A.shape == (256, 1024)
    assert problem.images.shape[1] == 1024
    assert pose("gaussian").maps.keys() == problem.maps.keys()


def test_a_matrix_alone_is_audited_with_sparse_recovery_on_sparse_signals(inputs):
    matrix = np.random.default_rng(0).standard_normal((16, 40))
    problem = pose(matrix, rng=5)
    assert list(problem.maps) == ["QCBP", "Tikhonov"]
    assert np.array_equal(np.count_nonzero(problem.images, axis=1), np.full(12, 2))     # 16 // 8 entries
    assert np.array_equal(problem.images, pose(matrix, rng=5).images)
    assert not np.array_equal(problem.images, pose(matrix, rng=6).images)
    assert "40 pixels" in problem.about["images"]


def test_a_dictionary_of_maps_is_taken_as_it_is():
    maps = {"first": np.zeros((4, 2)), "second": lambda y: np.ones(4)}
    problem = pose(np.eye(2, 4), maps, np.ones((1, 4)))
    assert list(problem.maps) == ["first", "second"]
    assert isinstance(problem.maps["first"], LinearMap)
    assert problem.maps["second"].name == "second"


@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 4)])
def test_images_come_as_images_or_as_rows(shape):
    A = as_operator(np.eye(2, 4))
    problem = pose(A, lambda y: np.ones(4), np.arange(1.0, 13).reshape(shape))
    assert problem.images.shape == (3, 4)
    assert problem.A.image_shape == ((2, 2) if len(shape) == 3 else (4,))
    assert A.image_shape == (4,)                     # the user's operator is not changed


def test_one_row_of_pixels_is_one_image():
    problem = pose(np.eye(2, 4), lambda y: np.ones(4), np.arange(1.0, 5))
    assert problem.images.tolist() == [[1.0, 2.0, 3.0, 4.0]]


def test_one_image_may_come_alone():
    problem = pose(np.eye(2, 6), lambda y: np.ones(6), np.ones((2, 3)))
    assert problem.images.shape == (1, 6)
    assert problem.A.image_shape == (2, 3)


def test_companions_are_scaled_to_the_data():
    A = SubsampledFourier(masks.standard(16), real=True)
    images = np.random.default_rng(0).random((3, 16, 16))
    small, large = pose(A, A.rmatvec, images), pose(A, A.rmatvec, 1000 * images)
    assert isinstance(small.maps["TV"], TVMap)
    assert isinstance(small.maps["Wavelets"], QCBPMap)
    for name in ("TV", "Wavelets"):
        assert np.isclose(large.maps[name].eta, 1000 * small.maps[name].eta)
        assert "a hundredth of the median norm of the data" in small.about[name]
    assert pose(np.eye(2, 4), images=np.ones((1, 4))).maps["QCBP"].wavelet is None


def test_baselines_noise_level_and_name_are_the_users():
    A = SubsampledFourier(masks.standard(16), real=True)
    images = np.random.default_rng(0).random((3, 16, 16))
    problem = pose(A, A.rmatvec, images, name="zeros", baselines=["tikhonov", "tv"], eta=0.25)
    assert list(problem.maps) == ["zeros", "Tikhonov", "TV"]
    assert problem.maps["TV"].eta == 0.25
    assert "eta = 0.25, given" in problem.about["TV"]
    assert list(pose(A, A.rmatvec, images, name="alone", baselines=[]).maps) == ["alone"]
    with pytest.raises(ValueError, match="baselines must be of tv, .* or module:name, got 'unet'"):
        pose(A, A.rmatvec, images, baselines=["unet"])
    with pytest.raises(ValueError, match="name must come with the one map"):
        pose(A, images=images, name="nothing")


def test_a_mask_from_a_file_is_completed_and_may_be_centred(tmp_path):
    mask = masks.standard(16)
    half = mask.copy()
    half[1:8, 1:] = False                     # of each pair k, -k of these rows one is left
    assert half.sum() < mask.sum()
    np.save(tmp_path / "mask.npy", half)
    np.savez(tmp_path / "centred.npz", mask=np.fft.fftshift(mask).astype(float))
    assert np.array_equal(read_mask(tmp_path / "mask.npy").mask, masks.symmetrise(half))
    assert np.array_equal(read_mask(tmp_path / "centred.npz", centred=True).mask, mask)
    np.save(tmp_path / "image.npy", 0.5 * mask)
    with pytest.raises(ValueError, match="mask: .*image.npy must hold bool values"):
        read_mask(tmp_path / "image.npy")


def test_a_map_made_for_another_operator_is_refused():
    network = load_network("mri64-fourier")
    same = SubsampledFourier(network.A.mask.copy(), real=True)
    assert pose(same, "mri64-fourier", baselines=[]).audited == "mri64-fourier"
    mask = network.A.mask.copy()
    moved = np.argwhere(mask)[5], np.argwhere(~mask)[0]
    for place, value in zip(moved, (False, True)):
        mask[tuple(place)] = mask[tuple(-place % 64)] = value
    other = SubsampledFourier(mask, real=True)
    assert other.shape == network.A.shape
    with pytest.raises(ValueError, match="mri64-fourier was made for another operator"):
        pose(other, "mri64-fourier")
    assert pose(other, lambda y: network(y), baselines=[]).maps       # on purpose


@pytest.mark.parametrize(("arguments", "message"), [
    ((np.eye(2, 4), None, np.ones((3, 5))), r"images must have 4 pixels each.*got shape \(3, 5\)"),
    ((np.eye(2, 4), None, [[1.0, np.nan, 0, 0]]), r"images must be finite, got nan at index \(0, 1\)"),
    ((np.eye(2, 4), None, np.zeros((2, 4))), "images must not be zero, but number 0 is"),
    ((np.eye(2, 4), None, 1j * np.ones((2, 4))), "images must be real for a real operator"),
    ((np.eye(2, 4), None, [[0, 0, 1.0, 0]]), "their measurements are all zero"),
    (("radon", None, None), r"A must be an operator, module:name or one of \['fourier', 'gau.*got 'radon'"),
    ((np.eye(2, 4), lambda y: y, np.ones((1, 4))), r"must return shape \(4,\), got \(2,\)"),
    ((np.eye(2, 4), "nowhere.npz", np.ones((1, 4))), "nowhere.npz"),
    ((np.zeros((2, 4)), None, np.ones((1, 4))), "rank 0"),
])
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        pose(*arguments)


def test_whatever_breaks_inside_the_users_map_is_told_in_one_line():
    def broken(y):
        raise KeyError("weights")

    with pytest.raises(ValueError, match="KeyError: 'weights'"):
        pose(np.eye(2, 4), broken, np.ones((1, 4)))


def test_an_operator_with_another_image_shape_is_refused():
    A = as_operator(np.eye(2, 6), image_shape=(2, 3))
    with pytest.raises(ValueError, match=r"images must have shape \(2, 3\), got \(3, 2\)"):
        pose(A, None, np.ones((2, 3, 2)))


def test_spread_takes_images_at_equal_distances():
    problem = pose(np.eye(2, 4), lambda y: np.ones(4), np.arange(1.0, 37).reshape(9, 4))
    assert problem.spread(3).images[:, 0].tolist() == [1, 17, 33]
    assert "3 of 9" in problem.spread(3).about["images"]
    assert problem.spread(100) is problem


def test_signals_of_one_dimension_are_shown_as_strips():
    problem = pose(np.eye(2, 60), lambda y: np.ones(60), np.ones((1, 60)))
    assert problem.picture(np.arange(60.0)).shape == (10, 60)


@pytest.mark.parametrize("shape", [(5, 1, 2, 3), (5, 2, 3, 1), (1, 1, 2, 3), (1, 2, 3, 1), (2, 3, 1)])
def test_one_channel_is_dropped(shape):
    images = 1.0 + np.arange(np.prod(shape)).reshape(shape)
    problem = pose(np.eye(2, 6), lambda y: np.ones(6), images)
    np.testing.assert_array_equal(problem.images, images.reshape(-1, 6))
    assert problem.A.image_shape == (2, 3)


def test_several_channels_and_a_transposed_matrix_are_named():
    with pytest.raises(ValueError, match=r"got shape \(5, 3, 2, 3\); of several channels choose one"):
        pose(np.eye(2, 6), lambda y: np.ones(6), np.ones((5, 3, 2, 3)))
    for shape in ((6,), (5, 6), (5, 2, 3), (2, 3)):
        with pytest.raises(ValueError, match="operator has 2 columns, got shape .*; is the matrix"):
            pose(np.eye(6, 2), lambda y: np.ones(2), np.ones(shape))


@pytest.mark.parametrize(("dtype", "scale", "rule"), [
    (np.uint8, 200, "255.0"), (np.uint8, 40, "255.0"), (float, 200, "255.0"), (np.int64, 255, "255.0"),
    (np.uint16, 4000, r"images.max\(\)"), (np.int16, 900, r"images.max\(\)")])
def test_coded_grey_values_give_a_warning_and_the_rule(dtype, scale, rule, tmp_path):
    images = (np.arange(24).reshape(4, 2, 3) * scale // 23).astype(dtype)
    np.save(tmp_path / "grey.npy", images)
    for given in (images, read_images(tmp_path / "grey.npy")):
        with pytest.warns(UserWarning, match=rf"up to {scale} .*convert them by images / {rule}"):
            problem = pose(np.eye(2, 6), lambda y: np.ones(6), given)
        np.testing.assert_array_equal(problem.images, images.reshape(4, 6))       # nothing is done in silence


@pytest.mark.parametrize("images", [
    np.ones((2, 6), np.uint8), np.arange(1, 13).reshape(2, 6), np.full((2, 6), 200.5),
    -np.full((2, 6), 200.0)])
def test_other_numbers_give_none(images):
    pose(np.eye(2, 6), lambda y: np.ones(6), images)         # a warning would be an error here


def test_real_images_stored_as_complex_are_told_how_to_become_real():
    with pytest.raises(ValueError, match=r"the imaginary part of images is zero, so give images\.real$"):
        pose(np.eye(2, 4), None, np.ones((2, 4)) + 0j)
