"""Build the bundled image files from the packages they come from.

Run once by a maintainer, never by a user::

    python docs/images.py --nilearn WHEEL --skimage WHEEL --mricron DEB

The three arguments are the nilearn and scikit-image wheels and Debian's ``mricron-data``
package, as files. The output is deterministic: same inputs, same bytes (up to the
compression library). Needs Pillow for the PNG and JPEG files.
"""

import argparse
import gzip
import io
import shutil
import struct
import subprocess
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from kernelstab._files import sha256, to_json_text

HERE = Path(__file__).parents[1] / "kernelstab" / "data" / "files"
FIELD = 192          # side of the square field of view, mm: 3 * 64, and the largest brain side is 181
TISSUE = 0.12        # least fraction of the field that is tissue in a slice we keep
MNI = "nilearn/datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
COLIN = "usr/share/mricron/templates/ch2bet.nii.gz"

# Slice ranges in mm (voxel index, both ends kept), per orientation. Different splits are at
# least 10 mm apart. The template is exactly mirror symmetric about x = 98 (checked below), so
# a sagittal slice and its mirror image are one picture: only x <= 98 is used.
SLABS = {
    "sagittal": {"train": [(72, 98)], "test": [(54, 62)], "validation": [(36, 44)]},
    "coronal": {"train": [(41, 92), (126, 153), (187, 193)], "test": [(102, 116)],
                "validation": [(163, 177)]},
    "axial": {"train": [(21, 56), (90, 112)], "test": [(66, 80)], "validation": [(122, 136)]},
}
AXES = {"sagittal": 0, "coronal": 1, "axial": 2}

# (image, top, left, side of the window): windows are area-averaged to 64 x 64.
CROPS = [
    ("camera.png", 0, 0, 256), ("camera.png", 64, 160, 192), ("camera.png", 256, 256, 256),
    ("camera.png", 120, 330, 128),
    ("brick.png", 0, 0, 256), ("brick.png", 256, 256, 128),
    ("grass.png", 0, 0, 256), ("grass.png", 256, 128, 128),
    ("gravel.png", 0, 0, 256), ("gravel.png", 256, 256, 128),
    ("coffee.png", 50, 120, 320), ("coffee.png", 200, 0, 192), ("coffee.png", 0, 400, 192),
    ("chelsea.png", 20, 120, 256), ("chelsea.png", 60, 100, 128), ("chelsea.png", 100, 240, 128),
    ("retina.jpg", 320, 320, 768), ("retina.jpg", 500, 900, 384),
    ("microaneurysms.png", 19, 19, 64), ("cell.png", 200, 180, 256),
]


def read_nifti(blob: bytes) -> np.ndarray:
    """Return the voxels of an uncompressed single-file NIfTI-1 image of bytes."""
    order = "<" if struct.unpack("<i", blob[:4])[0] == 348 else ">"
    dim = struct.unpack(order + "8h", blob[40:56])
    code, = struct.unpack(order + "h", blob[70:72])
    if dim[0] != 3 or code != 2:
        raise ValueError(f"expected three dimensions of uint8, got {dim[0]} of type {code}")
    offset = int(struct.unpack(order + "f", blob[108:112])[0])
    shape = dim[1:4]
    return np.frombuffer(blob, np.uint8, int(np.prod(shape)), offset).reshape(shape, order="F")


def to_field(volume: np.ndarray) -> np.ndarray:
    """Pad or crop to a cube of side FIELD centred on the box of non-zero voxels."""
    cube = np.zeros((FIELD,) * 3, volume.dtype)
    source, target = [], []
    for axis in range(3):
        used = np.flatnonzero(volume.any(axis=tuple(a for a in range(3) if a != axis)))
        start = (int(used[0]) + int(used[-1]) + 1) // 2 - FIELD // 2
        low, high = max(start, 0), min(start + FIELD, volume.shape[axis])
        source.append(slice(low, high))
        target.append(slice(low - start, high - start))
    cube[tuple(target)] = volume[tuple(source)]
    return cube


def take(volume: np.ndarray, cube: np.ndarray, orientation: str, index: int) -> np.ndarray:
    """Return slice ``index`` (of the original volume) in the square field, head up."""
    axis = AXES[orientation]
    used = np.flatnonzero(volume.any(axis=tuple(a for a in range(3) if a != axis)))
    start = (int(used[0]) + int(used[-1]) + 1) // 2 - FIELD // 2
    return np.take(cube, index - start, axis=axis)[:, ::-1].T.astype(np.float64)


def shrink(image: np.ndarray, size: int) -> np.ndarray:
    """Area-average a square image to ``size``; pixels are first split if sides do not divide."""
    side = image.shape[0]
    split = size // np.gcd(side, size)
    fine = np.repeat(np.repeat(image, split, 0), split, 1)
    step = side * split // size
    return fine.reshape(size, step, size, step).mean((1, 3))


def to_bytes(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def mni(wheel: Path, size: int, every: int) -> dict:
    """Return the MNI slices at one size, every ``every`` mm, with their places and splits."""
    volume = read_nifti(gzip.decompress(zipfile.ZipFile(wheel).read(MNI)))
    if not np.array_equal(volume[:98], volume[196:98:-1]):
        raise ValueError("the template is no longer symmetric about x = 98: revise SLABS")
    cube = to_field(volume)
    images, split, orientation, position = [], [], [], []
    for name, slabs in SLABS.items():
        for part, ranges in slabs.items():
            for index in (i for low, high in ranges for i in range(low, high + 1, every)):
                image = take(volume, cube, name, index)
                if np.mean(image > 0) < TISSUE:
                    raise ValueError(f"{name} slice {index} has too little tissue: revise SLABS")
                images.append(to_bytes(shrink(image, size)))
                split.append(part)
                orientation.append(name)
                position.append(index)
    return {"images": np.array(images), "split": np.array(split),
            "orientation": np.array(orientation), "position": np.array(position, np.int16)}


def colin(deb: Path, size: int = 64, count: int = 10) -> dict:
    """Return ``count`` evenly spaced slices of Colin27 per orientation, in MNI's grey range."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg", "-x", str(deb), folder], check=True)
        volume = read_nifti(gzip.decompress((Path(folder) / COLIN).read_bytes()))
    cube = to_field(volume)
    gain = 236.0 / np.percentile(volume[volume > 0], 99.9)   # 236 is that percentile in the MNI template
    images, orientation, position = [], [], []
    for name, axis in AXES.items():
        tissue = (volume > 0).sum(axis=tuple(a for a in range(3) if a != axis)) / FIELD**2
        kept = np.flatnonzero(tissue >= TISSUE)
        for index in np.rint(np.linspace(kept[0], kept[-1], count + 2)[1:-1]).astype(int):
            images.append(to_bytes(gain * shrink(take(volume, cube, name, index), size)))
            orientation.append(name)
            position.append(index)
    return {"images": np.array(images), "orientation": np.array(orientation),
            "position": np.array(position, np.int16)}


def natural(wheel: Path, size: int = 64) -> dict:
    """Return the grey crops of CROPS."""
    from PIL import Image

    archive = zipfile.ZipFile(wheel)
    images = []
    for name, top, left, side in CROPS:
        picture = Image.open(io.BytesIO(archive.read(f"skimage/data/{name}"))).convert("L")
        window = np.asarray(picture, np.float64)[top:top + side, left:left + side]
        images.append(to_bytes(shrink(window, size)))
    return {"images": np.array(images), "source": np.array([crop[0] for crop in CROPS]),
            "window": np.array([crop[1:] for crop in CROPS], np.int16)}


def write(sets: dict, folder: Path) -> None:
    """Write each set and the registry with the digest of every file; copy the licence notices beside them.

    The notices themselves are written by hand, in ``HERE``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    registry = {}
    for name, (arrays, notice, about) in sets.items():
        path = folder / f"{name}.npz"
        np.savez_compressed(path, **arrays)
        if folder != HERE:
            shutil.copyfile(HERE / f"{notice}.txt", folder / f"{notice}.txt")
        registry[name] = {"file": path.name, "sha256": sha256(path),
                          "notice": f"{notice}.txt", "shape": list(arrays["images"].shape), "about": about}
    (folder / "registry.json").write_text(to_json_text(registry), encoding="utf-8")


def main(argv=None) -> None:
    parser = argparse.ArgumentParser()
    for name in ("nilearn", "skimage", "mricron"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args(argv)
    about = "T1-weighted MR, ICBM152 2009a non-linear symmetric average of 152 adults, skull removed"
    write({
        "mni152-t1-64": (mni(args.nilearn, 64, 1), "mni152", about + ", 3 mm pixels, every mm"),
        "mni152-t1-128": (mni(args.nilearn, 128, 2), "mni152", about + ", 1.5 mm pixels, every 2 mm"),
        "colin27-t1-64": (colin(args.mricron), "colin27",
                          "T1-weighted MR of one adult (Colin27), skull removed, 3 mm pixels"),
        "natural-64": (natural(args.skimage), "natural", "grey crops of photographs and micrographs"),
    }, args.out)


if __name__ == "__main__":
    main()
