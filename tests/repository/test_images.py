"""The script that makes the bundled images of their sources."""

import importlib.util
import struct

import numpy as np
import pytest

from kernelstab.data import registry


@pytest.fixture(scope="module")
def make(root):
    spec = importlib.util.spec_from_file_location("images", root / "docs" / "images.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nifti(volume, code=2):
    header = bytearray(352)
    header[:4] = struct.pack("<i", 348)
    header[40:56] = struct.pack("<8h", 3, *volume.shape, 1, 1, 1, 1)
    header[70:72] = struct.pack("<h", code)
    header[108:112] = struct.pack("<f", 352.0)
    return bytes(header) + volume.tobytes(order="F")


def test_reader_returns_the_voxels(make):
    volume = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(make.read_nifti(nifti(volume)), volume)
    with pytest.raises(ValueError, match="expected three dimensions of uint8, got 3 of type 16"):
        make.read_nifti(nifti(volume, code=16))


def test_area_average(make):
    image = np.arange(9.0).reshape(3, 3)
    # from 3 to 2: each new pixel covers 1.5 x 1.5 old ones with weights 1, 1/2, 1/2, 1/4 over 9/4;
    # top left: (0 + 1/2 + 3/2 + 4/4) / (9/4) = 3 / 2.25 = 4/3
    small = make.shrink(image, 2)
    assert small.shape == (2, 2)
    assert small[0, 0] == pytest.approx(4 / 3)
    assert small.mean() == pytest.approx(4.0)


def test_field_is_centred_and_head_up(make):
    volume = np.zeros((20, 300, 30), np.uint8)
    volume[5:16, 50:61, 9:20] = 1          # a box of side 11 with its centre at (10, 55, 14)
    volume[10, 55, 14] = 9                 # its centre
    volume[10, 55, 19] = 7                 # the top of the axis through it
    cube = make.to_field(volume)
    assert cube.shape == (192, 192, 192)
    assert cube[96, 96, 96] == 9
    image = make.take(volume, cube, "sagittal", 10)
    top = np.argwhere(image == 7)[0]
    centre = np.argwhere(image == 9)[0]
    assert tuple(top - centre) == (-5, 0)  # five rows above


def test_written_files_have_the_recorded_digest(make, tmp_path, monkeypatch):
    arrays = {"images": np.full((2, 4, 4), 51, np.uint8)}
    make.write({"grey": (arrays, "natural", "two grey squares")}, tmp_path)
    monkeypatch.setattr(registry, "_FILES", tmp_path)
    chosen = registry.load("grey")
    assert chosen.images.shape == (2, 4, 4)
    np.testing.assert_allclose(chosen.images, 0.2)     # 51 / 255
    assert chosen.about == "two grey squares"
