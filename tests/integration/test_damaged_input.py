"""Thousands of damaged files of every kind, each read in a process of its own."""

import pytest

from facecam.torture.damaged_input import run_damaged_input


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_no_damaged_file_crashes_or_hangs_anything() -> None:
    for kind, report in run_damaged_input(5000, seed=1).items():
        assert report.examples == [], kind
