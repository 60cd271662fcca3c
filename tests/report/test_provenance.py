"""Seed, versions, fingerprints."""

import getpass
import json
import os

import numpy as np

from kernelstab import __version__
from kernelstab.report.provenance import fingerprint, provenance


def test_the_record_is_json_and_names_versions():
    record = json.loads(json.dumps(provenance(3)))
    assert record["seed"] == 3
    assert record["kernelstab"] == __version__
    assert record["packages"]["numpy"] == np.__version__


def test_the_record_holds_no_personal_path():
    text = json.dumps(provenance(0))
    assert os.getcwd() not in text
    assert os.path.expanduser("~") not in text
    assert f'"{getpass.getuser()}"' not in text


def test_fingerprints_tell_values_shapes_and_types_apart():
    a = np.array([1.0, 2.0])
    assert fingerprint(a) == fingerprint(a.copy())
    assert fingerprint(a[::1]) == fingerprint(np.array([1.0, 9.0, 2.0])[::2])
    assert len({fingerprint(a), fingerprint(a + 1), fingerprint(a[None]), fingerprint(a.astype("f4"))}) == 4
