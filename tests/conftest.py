"""How the tests are shared among processes (``pytest -n 2 --dist loadgroup --no-loadscope-reorder``)."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Keep the tests of a file together; notebooks, which are processes of their own, start first."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    items.sort(key=lambda item: item.path.parent.name != "notebooks")
    for item in items:
        if item.path.parent.name != "notebooks":
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
