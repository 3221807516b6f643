"""`manifest` and `bench-data` on the command line."""

import csv
import json
from pathlib import Path

import pytest

from facecam.commands.cli import run
from tests.unit.training.labelled_pictures import write_pictures


def test_class_folders_become_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_pictures(tmp_path, [f"{c}/{i}.png" for c in ("Leo", "Ming") for i in range(5)])
    out = tmp_path / "manifest.csv"
    arguments = ["manifest", "folders", str(tmp_path), "--column", "cat", "--out", str(out)]
    assert run([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["pictures"] == 10
    assert report["splits"] == {"train": 8, "val": 2}
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "split", "cat", "subject"]
    assert rows[0]["path"] == "Leo/0.png"
    assert run(arguments) == 0
    assert "10 pictures (train 8, val 2)" in capsys.readouterr().out


def test_a_table_is_balanced_split_and_joined(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    write_pictures(tmp_path, [f"{i}.png" for i in range(20)])
    rows = "".join(f"{i}.png,p{i // 2}\n" for i in range(20))
    (tmp_path / "faces.csv").write_text("image,who\n" + rows)
    people = "".join(f"p{i},{int(i < 3)}\n" for i in range(10))
    (tmp_path / "people.csv").write_text("name,ceo\n" + people)
    out = tmp_path / "made" / "manifest.csv"
    command = ["manifest", "csv", str(tmp_path / "faces.csv"), "--subject-column", "who"]
    command += ["--join", str(tmp_path / "people.csv"), "--on", "who", "--balance", "ceo"]
    assert run([*command, "--per-cell", "4", "--val-share", "0.2", "--out", str(out)]) == 0
    with out.open(newline="") as file:
        made = list(csv.DictReader(file))
    train = [row["ceo"] for row in made if row["split"] == "train"]
    assert sorted(train) == ["0"] * 4 + ["1"] * 4
    assert made[0]["path"].startswith("../")
    assert "No leak between splits found." in capsys.readouterr().out


def test_wrong_use_and_failure_end_as_the_contract_says(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = ["--out", str(tmp_path / "m.csv")]
    assert run(["manifest", "folders", str(tmp_path)]) == 2
    assert run(["manifest", "folders", str(tmp_path), *out, "--per-cell", "3"]) == 2
    table = tmp_path / "t.csv"
    table.write_text("image,x\na.jpg,1\n")
    assert run(["manifest", "csv", str(table), *out, "--on", "x"]) == 2
    capsys.readouterr()
    assert run(["manifest", "utkface", str(tmp_path / "none"), *out, "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "is not a folder of pictures" in said.err
    assert not (tmp_path / "m.csv").exists()


def test_bench_data_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_pictures(tmp_path, [f"{c}/{i}.png" for c in ("Leo", "Ming") for i in range(4)])
    command = ["bench-data", str(tmp_path), "--size", "32", "--seconds", "0.1"]
    assert run([*command, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["images_per_s"]["cold"] > 0
    assert record["machine"]
    assert run(command) == 0
    assert "times as fast" in capsys.readouterr().out


def test_a_manifest_that_is_there_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    write_pictures(tmp_path, ["a.png", "b.png"])
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes())
    rows = "a.png,train,Leo\nb.png,train,Ming\nc.png,val,Leo\nd.png,val,\n"
    (tmp_path / "manifest.csv").write_text("path,split,cat\n" + rows)
    assert run(["manifest", "check", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["missing_files"] == {"count": 1, "first": ["d.png"]}
    assert report["leaks"]["duplicates"]["first"] == [["a.png", "c.png"]]
    assert run(["manifest", "check", str(tmp_path)]) == 0
    assert "LEAK: 2 identical pictures across splits: a.png = c.png" in capsys.readouterr().out
