"""The rooms of the code, and who may know whom: import-linter's contracts."""

from pathlib import Path

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parent.parent
CONTRACTS = 10


def test_every_room_knows_only_whom_it_may(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", cache_dir=str(tmp_path))
    said = capsys.readouterr().out
    assert status == EXIT_STATUS_SUCCESS, said
    assert f"Contracts: {CONTRACTS} kept, 0 broken." in said
