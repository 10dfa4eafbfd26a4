"""The file of a student's measurements: nothing of it is lost, merged by guess or overwritten in silence."""

import pytest

from tinytorch.bench import keep, kept


def test_what_is_kept_is_read_back(tmp_path):
    path = tmp_path / "measurements.json"
    keep("02: time by block size", {8: 12.5, 64: 3.0}, "ms", "a machine", path)
    (entry,) = kept(path)
    assert (entry.topic, entry.unit, entry.caption) == ("02: time by block size", "ms", "a machine")
    assert entry.figures == {"8": 12.5, "64": 3.0}
    assert "12.5" in str(entry)


def test_a_topic_measured_again_replaces_its_figures_and_no_others(tmp_path):
    path = tmp_path / "measurements.json"
    keep("03: ReLU", {"old": 1}, "GB/s", "a machine", path)
    keep("02: blocks", {"best": 64}, "elements", "a machine", path)
    keep("03: ReLU", {"new": 2}, "GB/s", "another machine", path)
    assert [(entry.topic, entry.figures) for entry in kept(path)] == [
        ("02: blocks", {"best": 64.0}),
        ("03: ReLU", {"new": 2.0}),
    ]


def test_no_file_is_no_measurement(tmp_path):
    assert kept(tmp_path / "measurements.json") == []


@pytest.mark.parametrize("text", ["", "[1]", '[{"topic": 1}]', "{}x", '{"a": 1}', '[{"topic": "a", "figures": []}]'])
def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path, text):
    path = tmp_path / "measurements.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="move it away"):
        keep("02: blocks", {"best": 64}, "elements", "a machine", path)
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == ["measurements.json"]
