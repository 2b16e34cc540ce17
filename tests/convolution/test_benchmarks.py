"""The benchmarks run, save topic by topic, and pages can read them. No time is asserted here."""

import json

import numpy as np
import pytest

import benchmarks.__main__ as bench
from benchmarks import convolution, over_seeds
from cnnlab.measured import measured

METHODS = {"tensorflow", "loops", "windows", "im2col", "fft"}


def test_the_convolution_benchmark_measures_what_it_says():
    large = convolution.Case(n=2, size=8, channels=3, filters=4, f=3)
    small = convolution.Case(n=1, size=6, channels=2, filters=3, f=2)
    found = convolution.run(large, small, filter_sizes=(2, 3), repeats=2)
    assert found["large"]["case"] == "2×8×8×3 → 4 filters 3×3"
    times = found["large"]["seconds"]
    assert set(times) == {"tensorflow", "im2col"}
    ratio = times["im2col"]["median"] / times["tensorflow"]["median"]
    assert found["large"]["im2col/tensorflow"] == pytest.approx(ratio)
    by_size = found["small"]["seconds by filter size"]
    assert set(by_size) == {"2", "3"}
    for methods in by_size.values():
        assert set(methods) == METHODS
        for one in methods.values():
            assert 0 < one["fastest"] <= one["median"] <= one["slowest"]


def test_functions_take_turns():
    called = []
    convolution.interleaved({name: lambda name=name: called.append(name) for name in "ab"}, 3)
    assert called == ["a", "b"] * 3


def test_the_case_is_the_one_that_was_promised():
    assert str(convolution.LARGE) == "32×64×64×16 → 32 filters 3×3"
    x, w = convolution.LARGE.arrays()
    assert x.shape == (32, 64, 64, 16) and w.shape == (3, 3, 16, 32)
    assert x.dtype == w.dtype == "float32"


def test_every_topic_is_found_by_its_name():
    assert bench.topics()["convolution"] is convolution.run
    assert not {"--main--", "main"} & set(bench.topics())


def test_a_topic_is_saved_and_the_others_stay(tmp_path, capsys):
    file = tmp_path / "measured.json"
    file.write_text('{"old": {"a": 1}, "some-topic": {"gone": 2}}')
    known = {"some-topic": lambda: {"net": over_seeds([0.5, 0.25, np.float64(1) / 3])}}
    bench.main([], known, file)
    text = file.read_text("utf-8")
    saved = json.loads(text)
    assert saved["old"] == {"a": 1}
    assert saved["some-topic"]["net"] == {
        "mean": 0.361111,
        "spread": 0.25,
        "runs": [0.5, 0.25, 0.333333],
    }
    machine = saved["some-topic"]["machine"]
    assert machine.keys() == {"processor", "cores", "system", "versions"}
    assert machine["versions"]["numpy"] == np.__version__
    assert text == json.dumps(saved, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert "net · mean" in capsys.readouterr().out


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    file = tmp_path / "measured.json"
    with pytest.raises(KeyboardInterrupt):
        bench.main([], {"first": lambda: {"a": 1}, "second": interrupted}, file)
    assert list(json.loads(file.read_text("utf-8"))) == ["first"]


def test_only_the_topics_that_are_named_run(tmp_path, capsys):
    known = {"one": lambda: {"a": 1}, "two": lambda: {"b": 2}}
    file = tmp_path / "measured.json"
    bench.main(["two"], known, file)
    assert list(json.loads(file.read_text("utf-8"))) == ["two"]
    with pytest.raises(SystemExit):
        bench.main(["three"], known, file)
    assert "no topic three; expected one of one, two" in capsys.readouterr().err


def test_what_was_measured_can_be_quoted():
    found = measured("convolution")
    assert found["large"]["case"] == str(convolution.LARGE)
    assert found["large"]["im2col/tensorflow"] <= 3
    assert set(found["small"]["seconds by filter size"]["3"]) == METHODS
    assert found["machine"]["processor"] and found["machine"]["versions"]["numpy"]


def test_an_unknown_topic_is_named_with_those_there_are():
    words = "topic is 'speed', which was not measured; expected one of .*'convolution'"
    with pytest.raises(ValueError, match=words):
        measured("speed")
