"""`hotline policy check` names every fault of a file, without any hotline."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.cli import build_app
from hotline.errors import UnusableSettingError
from hotline.seed import _documents
from shared.policy.documents import write_documents
from shared.policy.policy import sample_documents


def checked(tmp_path: Path, text: str) -> tuple[int, list[str]]:
    file = tmp_path / "policy.yaml"
    file.write_text(text, "utf-8")
    result = CliRunner().invoke(build_app(), ["policy", "check", str(file)])
    return result.exit_code, result.output.splitlines()


def test_an_overlay_without_fault_ends_with_0(tmp_path: Path) -> None:
    assert checked(tmp_path, "rules: {decline_limit: 3}\n") == (0, ["no faults"])


def test_an_export_is_checked_as_it_stands(tmp_path: Path) -> None:
    sample = sample_documents()
    assert checked(tmp_path, write_documents(sample)) == (0, ["no faults"])
    sample["taxonomy"]["areas"] = sample["taxonomy"]["areas"][1:]

    code, lines = checked(tmp_path, write_documents(sample))

    assert code == 1
    assert any(line.startswith("lexicon.areas.elevator: ") for line in lines)


def test_every_fault_is_named_with_its_path_and_it_ends_with_1(tmp_path: Path) -> None:
    code, lines = checked(
        tmp_path,
        "taxonomy: {areas: [{id: gas, department: moon}]}\n"
        "rules: {warn_at_shares: [3]}\n"
        "calendar: {until: 2020-01-01}\n",
    )

    assert code == 1
    assert [line.partition(":")[0] for line in lines] == [
        "taxonomy.areas.gas.department", "calendar.until", "rules.warn_at_shares.0", "3 faults",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["rules: [", "holidays: {}", "- 1"])
def test_what_cannot_be_read_is_said_in_one_paragraph(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(text, "utf-8")

    with pytest.raises(UnusableSettingError, match=r"policy\.yaml cannot be read"):
        CliRunner().invoke(build_app(), ["policy", "check", str(file)], catch_exceptions=False)


def test_a_faulty_policy_is_not_seeded_either(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("taxonomy: {areas: [{id: gas, department: moon}]}\n", "utf-8")

    with pytest.raises(UnusableSettingError, match=r"taxonomy\.areas\.gas\.department"):
        _documents(file)
