"""Keepers with this test in the place of the front: one that is shared, or one's own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from front import Front  # noqa: E402


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    front = Front(tmp_path_factory.mktemp("k")).ready()
    yield front
    assert front.close() == 0


@pytest.fixture
def front(shared):
    shared.run("%reset -sf")
    return shared


@pytest.fixture
def own(tmp_path):
    fronts = []

    def make(**env):
        fronts.append(Front(tmp_path, **env))
        return fronts[-1]

    yield make
    for front in fronts:
        front.close()
