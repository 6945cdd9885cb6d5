"""The layout of a cluster, which verify_schema expects once the table of a model is placed."""

import pytest

from config.drift import comparison
from config.postgres.citus import Layout, Placement
from tests.drift.conftest import Verify

LAYOUTS = [({"other": Placement("id")}, False), ({"users": Placement()}, True)]


@pytest.mark.parametrize(("layout", "is_expected"), LAYOUTS)
def test_layout__expected_once_the_table_of_a_model_is_placed(
    layout: Layout, is_expected: bool, verify_live: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "read_layout", lambda *_: layout)
    attributes = {finding.drift.attribute for finding in verify_live().findings}
    assert ("placement" in attributes) is is_expected
