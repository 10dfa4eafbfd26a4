"""What a run leaves: the tables, the JSON, the figures, the exit code."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.benchmarks import __main__ as command
from tests.tools.benchmarks import catalogue, figures, record, report, suite, sweeps
from tests.tools.benchmarks.bars import Standing, World
from tests.tools.benchmarks.case import QUICK, Row

ROOT = Path(__file__).parents[3]


def row(name: str, standing: Standing, *, group: str = "group", **more) -> Row:
    figures = {"value": 1.234, "low": 1.1, "high": 1.3, "bar": 1.0, "samples": {"candidate": [1.0, 2.0]}} | more
    return Row(name, group, name, "theirs", "one thread", standing=standing, **figures)


def fact(value: float, unit: str) -> dict[str, object]:
    return {"value": value, "unit": unit, "source": "measured", "how": "made up"}


def timing(us: float) -> dict[str, object]:
    return {"samples_us": [us, 1.1 * us, 1.2 * us], "loops": 1, "warmups": 1, "notes": []}


MADE_UP = {
    "machine": {
        "peak": fact(100.0, "GFLOP/s"),
        "bandwidth": [(1 << power, fact(500 / power, "GB/s")) for power in range(13, 28)],
        "slopes": {
            str(size): fact(gb, "GB/s") for size, gb in ((16 << 10, 400.0), (512 << 10, 100.0), (64 << 20, 20.0))
        },
        "kernels": {"relu": {"operations": 4096, "bytes": 32768, "timing": timing(2.0)}},
    },
    "ladder": {"size": 64, "flops": 2 * 64**3, "rungs": {"naive": timing(900.0), "blocked": timing(90.0)}},
    "blocks": {
        "n": 64,
        "block_sizes": [16, 64, 256],
        "working_set_bytes": [3072, 49152, 786432],
        "timings": [timing(9.0), timing(5.0), timing(8.0)],
    },
    "workers": {"workers": [1, 2, 4], "cores": 2, "timings": {"product": [timing(9.0), timing(5.0), timing(5.0)]}},
    "bits": {"bits": [4, 8, 16], "relative_errors": {"formula": [0.1, 0.01, 1e-5], "ours": [None, 0.01, 1e-5]}},
}


@pytest.fixture
def run_that_finds(monkeypatch, tmp_path):
    """`main` with a run that finds these rows; returns the exit code and the folder."""

    def run(*rows: Row, arguments: tuple[str, ...] = ()) -> tuple[int, Path]:
        worlds = {"one thread": World(32, False, "Haswell", versions={"numpy": "2"})}

        def find(only, effort, say, found) -> None:
            found.rows += rows
            found.worlds |= worlds
            if "--only" in arguments and "cut" in arguments:
                raise KeyboardInterrupt

        monkeypatch.setattr(suite, "run", find)
        return command.main(["--to", str(tmp_path / "out"), *arguments]), tmp_path / "out"

    return run


def test_a_slow_kernel_does_not_fail_the_run(run_that_finds):
    code, _ = run_that_finds(row("slow", Standing.SHORT), row("unsure", Standing.UNSURE))
    assert code == 0


def test_a_wrong_kernel_does(run_that_finds, capsys):
    code, folder = run_that_finds(row("fine", Standing.MET), row("wrong", Standing.FAILED, why="element [0] is nan"))
    assert code == 1
    assert "failed: wrong: element [0] is nan" in capsys.readouterr().err
    assert record.read(folder)["counts"]["failed"] == 1


def test_a_run_that_was_cut_keeps_what_it_found(run_that_finds):
    code, folder = run_that_finds(row("fine", Standing.MET), arguments=("--only", "cut"))
    assert code == 130
    assert [found["name"] for found in record.read(folder)["rows"]] == ["fine"]


def test_rows_are_shown_in_the_order_of_the_catalogue():
    names = ["first call x", "relu-out-64K", "matmul_simd-512"]
    shown = suite.in_order([row(name, Standing.MET) for name in names])
    assert [r.name for r in shown] == names[::-1]


def test_a_run_that_names_nothing_is_a_usage_error(run_that_finds):
    assert run_that_finds(arguments=("--only", "nothing"))[0] == 2


def test_the_record_holds_machine_versions_processes_and_samples(run_that_finds):
    _, folder = run_that_finds(row("a", Standing.MET, low=0.0, high=math.inf))
    data = json.loads((folder / "results.json").read_text())
    assert data["schema"] == record.SCHEMA
    assert data["machine"]["cpu_name"]["source"] in ("detected", "unavailable")
    assert {"python", "numpy", "numba"} <= set(data["versions"])
    assert data["processes"]["one thread"]["blas"] == "Haswell"
    assert data["rows"][0]["samples"] == {"candidate": [1.0, 2.0]}
    assert (data["rows"][0]["low"], data["rows"][0]["high"]) == (0.0, None)


def test_rows_survive_the_file(run_that_finds):
    rows = [row("a", Standing.MET), row("b", Standing.NOT_HERE, why="no AVX-512", bar=None)]
    _, folder = run_that_finds(*rows)
    assert record.rows_of(record.read(folder)) == rows


def test_a_file_of_another_schema_is_refused(tmp_path):
    (tmp_path / "results.json").write_text('{"schema": 0}')
    with pytest.raises(ValueError, match="run the benchmarks again"):
        record.read(tmp_path)


def test_the_table_can_be_printed_again(run_that_finds, capsys):
    _, folder = run_that_finds(row("matmul", Standing.SHORT, bar=1.8))
    capsys.readouterr()
    assert command.main(["--to", str(folder), "--table"]) == 0
    assert "matmul" in capsys.readouterr().out
    assert command.main(["--to", str(folder), "--markdown"]) == 0
    assert "| matmul | theirs | 1.23x | 1.1 to 1.3x | >= 1.8x | short |" in capsys.readouterr().out


def test_without_a_run_there_is_no_table(tmp_path, capsys):
    assert command.main(["--to", str(tmp_path), "--markdown"]) == 1
    assert "results.json" in capsys.readouterr().err


def test_a_pipe_in_a_name_does_not_break_the_markdown():
    line = report.markdown([row("a|b", Standing.MET)], run_data()).splitlines()[-3]
    assert line.startswith("| a\\|b |")


def run_data() -> dict[str, object]:
    return record.recorded([], {}, {}, QUICK, "2026-01-01", "python -m tests.tools.benchmarks")


def test_a_group_that_does_not_apply_takes_one_line():
    skipped = [row(name, Standing.NOT_HERE, why="needs 2 cores", value=None) for name in "abc"]
    [(_, members)] = report.groups(skipped)
    assert [member.what for member in members] == ["all 3 comparisons"]
    [(_, mixed)] = report.groups([*skipped, row("d", Standing.MET)])
    assert len(mixed) == 4


def test_a_group_is_shown_once_although_its_rows_were_measured_in_between_others():
    rows = [row(name, Standing.MET, group=group) for name, group in (("a", "first"), ("b", "second"), ("c", "first"))]
    shown = [(name, [member.what for member in members]) for name, members in report.groups(rows)]
    assert shown == [("first", ["a", "c"]), ("second", ["b"])]


def test_rungs_are_rows_against_the_first():
    rows = suite.ladder_rows(MADE_UP["ladder"])
    assert [round(r.value) for r in rows] == [1, 10]
    assert "GFLOP/s" in rows[1].what


@pytest.mark.parametrize("name", figures.FIGURES)
def test_every_figure_is_written(name, tmp_path):
    [path] = figures.draw([name], MADE_UP, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_every_figure_belongs_to_a_sweep():
    named = [name for _, _, names in sweeps.SWEEPS.values() for name in names]
    assert sorted(named) == sorted(figures.FIGURES)


def test_the_ladder_ends_with_the_best_rung_and_numpy():
    names = list(sweeps.rungs())
    assert names[0] == "matmul_naive"
    assert names[-1] == "matmul_baseline (NumPy)"
    assert {"cache_friendly_matmul", "matmul_simd"} < set(names)


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (["integer_matmul-51*"], {"integer_matmul-512", "integer_matmul-512-torch", "integer_matmul-512-onnxruntime"}),
        (["blocked product"], {"cache_friendly_matmul-512", "cache_friendly_matmul-1024"}),
        (["relu-new", "overhead"], {"relu-new-64M", "relu-new-64M-32-byte", "relu-new-64M-16-byte"}),
    ],
)
def test_patterns_name_cases_by_name_group_and_setting(only, names):
    assert {case.name for case in catalogue.selected(only, quick=False)} == names


def test_a_quick_run_takes_less():
    assert 0 < len(catalogue.selected([], quick=True)) < len(catalogue.selected([], quick=False))


def test_one_comparison_from_the_command_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools.benchmarks", "--quick", "--only", "relu-bias-1MiB", "--to", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "fused_relu_bias" in done.stdout
    [found] = record.read(tmp_path)["rows"]
    assert found["standing"] in ("met", "short", "unsure")
    assert len(found["samples"]["candidate"]) == len(found["samples"]["reference"]) >= 7


def test_amdahls_curve_is_drawn_only_where_workers_helped():
    slower = {"workers": {"workers": [1, 2], "cores": 2, "timings": {"product": [timing(5.0), timing(9.0)]}}}
    labels = [[text.get_text() for text in figures.scaling(data).axes[0].get_legend().get_texts()]
              for data in (MADE_UP, slower)]  # fmt: skip
    assert "Amdahl's law" in " ".join(labels[0])
    assert "Amdahl's law" not in " ".join(labels[1])
