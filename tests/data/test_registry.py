import hashlib
import json
import shutil

import numpy as np
import pytest

from kernelstab import data
from kernelstab.data import registry

GAP = 10     # mm between slices of different splits


@pytest.mark.parametrize("name", data.names())
def test_every_set_is_square_grey_and_licensed(name):
    chosen = data.load(name)
    count, height, width = chosen.images.shape
    assert height == width
    assert chosen.images.dtype == np.float64
    assert chosen.images.min() >= 0
    assert 0.5 < chosen.images.max() <= 1
    assert all(len(values) == count for values in chosen.labels.values())
    assert f"{name}.npz" in chosen.licence
    assert repr(chosen) == f"<ImageSet {name}: {count} images, {height} x {width}>"


def test_files_are_small_and_all_registered():
    folder = registry._FILES
    entries = json.loads((folder / "registry.json").read_text())
    files = sorted(path.name for path in folder.iterdir())
    named = {entry["file"] for entry in entries.values()} | {entry["notice"] for entry in entries.values()}
    assert files == sorted(named | {"registry.json"})
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000
    for entry in entries.values():
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("size", [64, 128])
def test_splits_are_slabs_with_a_gap(size):
    labels = data.load(f"mni152-t1-{size}").labels
    for orientation in ("sagittal", "coronal", "axial"):
        here = labels["orientation"] == orientation
        places = {split: labels["position"][here & (labels["split"] == split)].astype(int)
                  for split in ("train", "validation", "test")}
        for one, two in (("train", "validation"), ("train", "test"), ("validation", "test")):
            assert len(places[one]) > 0
            distance = np.abs(places[one][:, None] - places[two][None, :]).min()
            assert distance >= GAP
    # the template is mirror symmetric about x = 98: its other half would repeat the first
    assert labels["position"][labels["orientation"] == "sagittal"].max() <= 98


def test_no_test_slice_is_a_near_copy_of_a_training_slice():
    train, test = (data.slices(64, split).reshape(-1, 4096) for split in ("train", "test"))
    for images in (train, test):
        images -= images.mean(1, keepdims=True)
        images /= np.linalg.norm(images, axis=1, keepdims=True)
    assert (test @ train.T).max() < 0.97       # slices 1 mm apart reach 0.99


def test_sizes_agree():
    # 128 keeps every second slice of a slab; averaging it down gives 64 up to rounding of bytes
    fine, coarse = data.load("mni152-t1-128"), data.load("mni152-t1-64")
    keys = list(zip(coarse.labels["orientation"], coarse.labels["position"], strict=True))
    for k in range(0, len(fine.images), 17):
        twin = coarse.images[keys.index((fine.labels["orientation"][k], fine.labels["position"][k]))]
        halved = fine.images[k].reshape(64, 2, 64, 2).mean((1, 3))
        assert np.abs(halved - twin).max() <= 1.01 / 255
    np.testing.assert_allclose(data.slices(32, "test")[0, 5, 9],
                               data.slices(64, "test")[0, 10:12, 18:20].mean())


def test_counts():
    assert {split: len(data.slices(64, split)) for split in ("train", "validation", "test")} == {
        "train": 27 + 87 + 59, "validation": 9 + 15 + 15, "test": 9 + 15 + 15}
    assert data.colin().shape == (30, 64, 64)
    assert data.natural(32).shape == (20, 32, 32)


def test_corrupt_and_missing_files_are_named(tmp_path, monkeypatch):
    folder = tmp_path / "files"
    shutil.copytree(registry._FILES, folder)
    monkeypatch.setattr(registry, "_FILES", folder)
    path = folder / "natural-64.npz"
    blob = bytearray(path.read_bytes())
    blob[1000] ^= 1
    path.write_bytes(blob)
    with pytest.raises(ValueError, match=r"natural-64\.npz is corrupt"):
        data.load("natural-64")
    path.unlink()
    with pytest.raises(ValueError, match=r"natural-64\.npz is missing"):
        data.load("natural-64")


def test_bad_names_sizes_and_splits():
    with pytest.raises(ValueError, match=r"name must be one of mni152-t1-64, .*, got 'mnist'"):
        data.load("mnist")
    with pytest.raises(ValueError, match="size must be 32, 64 or 128, got 100"):
        data.slices(100)
    with pytest.raises(ValueError, match="split must be one of train, validation, test, got 'all'"):
        data.slices(64, "all")
    with pytest.raises(ValueError, match="size must be 32 or 64, got 128"):
        data.colin(128)


def test_licences_quote_the_notices():
    text = data.licences()
    assert text.count("Copyright (C) 1993-2004 Louis Collins") == 2      # MNI152 and Colin27
    assert "BSD-3-clause" in text
    assert "CC0 by the photographer" in text
    assert "not verified" in text
