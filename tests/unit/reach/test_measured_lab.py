"""What is timed for docs/figures.md is a lab that the model decides whole."""

from __future__ import annotations

import pytest

from tools import bench_reach


def test_the_lab_that_is_measured_is_decided(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_reach, "ROUNDS", 1)
    bench_reach.main()
    assert "(0 refused, 60 said, 90 rows)" in capsys.readouterr().out
