"""A row per rung of every profile, from a small exam."""

from engine_service.evaluation.rungs import _results, as_markdown
from engine_service.model.ladder import ladder
from tests.evaluation.test_evaluate import FOLDER, examiner, task
from tests.fakes import PROFILES, tiny_runtime


def test_every_rung_of_every_profile_is_played_and_shown() -> None:
    told: list[str] = []
    results = list(_results(tiny_runtime(), FOLDER, examiner().judges, [task(16, 0), task(16, 1)], 0, told.append))
    expected = [(name, number) for name in PROFILES for number in range(len(ladder(PROFILES[name])))]
    assert [(result.profile, result.number) for result in results] == expected
    assert len(told) == len(expected)
    for result in results:
        assert 0 < result.psnr_db < 60
        assert 0 <= result.prompt_accuracy <= 1
        assert result.ms_per_frame > 0
    table = as_markdown(results, 2, "torch", times=True)
    assert table.count("\n| ") == len(expected) + 1
    assert "ms a frame" not in as_markdown(results, 2, "torch", times=False)
    assert "| balanced | 1 | 1 micro-step a shift | 2, 2, 2, 1 | 3 |" in table
