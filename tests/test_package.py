"""The package loads a room when it is first named."""

import pytest

import kernelstab


def test_every_room_can_be_named():
    for name in set(kernelstab.__all__) - {"__version__"}:
        assert getattr(kernelstab, name).__name__ == f"kernelstab.{name}"


def test_dir_lists_the_rooms():
    assert dir(kernelstab) == sorted(kernelstab.__all__)


def test_an_unknown_room_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'kernelstab' has no attribute 'attic'"):
        kernelstab.attic  # noqa: B018
