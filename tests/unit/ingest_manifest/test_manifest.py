"""What a `collection.toml` may say, and that every mistake in it is refused with its name, its value and its remedy."""

import os
import textwrap
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.api.schemas.documents import AccessRule
from appliance.api.schemas.people import Group
from appliance.errors import AccessListMissing, ApplianceError, BadInput, GroupUnknown
from ingest import manifest_errors as errors
from ingest.manifest import MANIFEST, Manifest, parse_manifest, read_manifest

GROUPS = (
    Group(id="g-staff", names=["全行員", "All staff"]),
    Group(id="g-hr", names=["人事部", "Human Resources"]),
    Group(id="g-board", names=["役員室"]),
    Group(id="g-partners", names=["派遣・委託"]),
)
BASE = 'language = "ja"\nclassification = "internal"\ngroups = ["全行員"]\n'


def parsed(text: str, *, base: str = BASE) -> Manifest:
    return parse_manifest(base + textwrap.dedent(text), where="rules/collection.toml", groups=GROUPS)


def faults_of(text: str, *, base: str = BASE) -> list[ApplianceError]:
    with pytest.raises(BadInput, match=r"rules/collection\.toml") as caught:
        parsed(text, base=base)
    return list(getattr(caught.value, "faults", [caught.value]))


def test_a_minimal_manifest_gives_every_document_the_same_rule() -> None:
    rule = parsed("").rule_for("旅費/規程.pdf")

    assert rule.language == "ja"
    assert rule.access == AccessRule(groups=["g-staff"], classification="internal")


def test_all_keys_arrive_in_the_rule() -> None:
    rule = parsed("""
        compartments = ["large-exposures"]
        denied = ["派遣・委託"]
        valid_from = 2026-04-01
        valid_until = 2027-03-31
    """).rule_for("a.pdf")

    assert rule.access == AccessRule(
        groups=["g-staff"],
        classification="internal",
        compartments=["large-exposures"],
        denied=["g-partners"],
        valid_from=datetime(2026, 3, 31, 15, tzinfo=UTC),
        valid_until=datetime(2027, 3, 31, 15, tzinfo=UTC),
    )


def test_a_group_may_be_named_in_either_language_and_counts_once() -> None:
    rule = parsed("", base=BASE.replace('["全行員"]', '["Human Resources", "All staff", "人事部"]')).rule_for("a.pdf")

    assert rule.access.groups == ["g-hr", "g-staff"]


def test_a_group_name_typed_on_a_mac_is_the_same_name() -> None:
    mac = unicodedata.normalize("NFD", "派遣・委託が")
    groups = [*GROUPS, Group(id="g-x", names=[unicodedata.normalize("NFC", mac)])]

    manifest = parse_manifest(BASE.replace("全行員", mac), where="c", groups=groups)

    assert manifest.rule_for("a").access.groups == ["g-x"]


def test_the_day_of_valid_until_is_the_last_day_in_japan() -> None:
    end = parsed("valid_until = 2026-09-30").rule_for("a").access.valid_until

    assert end == datetime(2026, 9, 30, 15, tzinfo=UTC), "midnight at the end of 30 September in Japan"


def test_a_moment_with_an_offset_is_taken_as_it_is() -> None:
    access = parsed("valid_from = 2026-04-01T09:00:00Z\nvalid_until = 2026-04-02T00:00:00+09:00").rule_for("a").access

    assert access.valid_from == datetime(2026, 4, 1, 9, tzinfo=UTC)
    assert access.valid_until == datetime(2026, 4, 1, 15, tzinfo=UTC)


def test_a_moment_without_an_offset_is_japan_time() -> None:
    assert parsed("valid_from = 2026-04-01T09:00:00").rule_for("a").access.valid_from == datetime(
        2026, 4, 1, tzinfo=UTC
    )


CLOSED_BELOW = """
    denied = ["派遣・委託"]

    [[override]]
    path = "役員/**"
    classification = "confidential"
    groups = ["役員室"]

    [[override]]
    path = "**/*.txt"
    language = "en"
    classification = "restricted"
"""


def test_an_override_replaces_what_it_names_and_nothing_else() -> None:
    access = parsed(CLOSED_BELOW).rule_for("役員/報酬.pdf").access

    assert (access.classification, access.groups, access.denied) == ("confidential", ["g-board"], ["g-partners"])


def test_a_document_that_no_override_matches_keeps_the_rule_of_the_collection() -> None:
    assert parsed(CLOSED_BELOW).rule_for("役員.pdf").access.classification == "internal"


def test_the_last_override_wins_key_by_key() -> None:
    rule = parsed(CLOSED_BELOW).rule_for("役員/メモ/報酬.txt")

    assert rule.language == "en"
    assert rule.access.classification == "restricted", "named by both: the last one counts"
    assert rule.access.groups == ["g-board"], "named by the first only: it still counts"


def test_an_override_with_an_empty_list_takes_the_list_away() -> None:
    manifest = parsed('compartments = ["x"]\n[[override]]\npath = "open.pdf"\ncompartments = []')

    assert manifest.rule_for("open.pdf").access.compartments == []
    assert manifest.rule_for("other.pdf").access.compartments == ["x"]


def test_overrides_that_match_nothing_are_named_because_their_documents_stay_under_the_wider_rule() -> None:
    manifest = parsed(
        '[[override]]\npath = "報酬.pdf"\ngroups = ["役員室"]\n[[override]]\npath = "*.txt"\nlanguage = "en"'
    )

    assert manifest.unmatched(["報酬表.pdf", "a.txt"]) == ("報酬.pdf",)


def test_an_override_may_say_that_it_need_not_match() -> None:
    manifest = parsed('[[override]]\npath = "報酬.pdf"\ngroups = ["役員室"]\noptional = true')

    assert manifest.unmatched(["a.txt"]) == ()


@pytest.mark.parametrize("value", ['"yes"', "1", "[]"])
def test_optional_is_true_or_false(value: str) -> None:
    fault = faults_of(f'[[override]]\npath = "a"\noptional = {value}')[0]

    assert isinstance(fault, errors.ManifestTypeWrong)
    assert fault.values["key"] == "optional"


def test_a_collection_itself_is_not_optional() -> None:
    assert faults_of("optional = true")[0].values["key"] == "optional"


def test_without_a_manifest_nothing_is_taken_in_and_the_message_is_a_manifest_to_copy(tmp_path: Path) -> None:
    with pytest.raises(errors.ManifestMissing, match="does not exist") as caught:
        read_manifest(tmp_path, GROUPS)

    example = caught.value.text("ja").split("\n\n")[1]
    assert parse_manifest(example, where="c", groups=GROUPS).rule_for("a").access.groups == ["g-staff"]


def test_a_misspelt_key_is_refused_with_the_key_that_was_meant() -> None:
    [fault] = faults_of('compartment = ["x"]')

    assert isinstance(fault, errors.ManifestKeyMisspelt)
    assert fault.values["key"] == "compartment"
    assert fault.values["near"] == "compartments"
    assert fault.values["value"] == '["x"]'


@pytest.mark.parametrize("key", ["CLASSIFICATION", "classifcation", "Groups", "valid-until", "deny"])
def test_no_key_near_a_real_one_passes_silently(key: str) -> None:
    [fault] = faults_of(f'{key} = "x"')

    assert fault.code in {"manifest-key-misspelt", "manifest-key-unknown"}


def test_a_key_like_no_other_is_refused_with_the_list_of_keys() -> None:
    [fault] = faults_of("colour = 3")

    assert isinstance(fault, errors.ManifestKeyUnknown)
    assert "valid_until" in fault.values["keys"]


@pytest.mark.parametrize("key", ["path", "title_from"])
def test_keys_of_an_override_alone_are_refused_at_the_top(key: str) -> None:
    assert faults_of(f'{key} = "x"')[0].values["key"] == key


def test_a_misspelt_key_of_an_override_is_refused_because_its_document_would_stay_open() -> None:
    [fault] = faults_of('[[override]]\npath = "報酬.pdf"\ngruops = ["役員室"]')

    assert isinstance(fault, errors.ManifestKeyMisspelt)
    assert fault.values["where"].endswith("[[override]] #1")


@pytest.mark.parametrize("word", ["Internal", "secret", "秘", "internal "])
def test_a_word_that_is_no_classification_is_refused_with_those_that_are(word: str) -> None:
    [fault] = faults_of("", base=BASE.replace("internal", word))

    assert isinstance(fault, errors.ManifestWordUnknown)
    assert fault.values["words"] == "public, internal, restricted, confidential"


def test_an_empty_group_list_is_refused_because_nobody_could_see_the_documents() -> None:
    [fault] = faults_of("", base=BASE.replace('["全行員"]', "[]"))

    assert isinstance(fault, AccessListMissing)


def test_a_manifest_without_groups_is_refused() -> None:
    [fault] = faults_of("", base='language = "ja"\nclassification = "internal"\n')

    assert isinstance(fault, AccessListMissing)


def test_an_override_with_an_empty_group_list_is_refused_with_its_number() -> None:
    [fault] = faults_of('[[override]]\npath = "a"\ngroups = ["人事部"]\n[[override]]\npath = "b"\ngroups = []')

    assert isinstance(fault, AccessListMissing)
    assert "[[override]] #2" in fault.values["where"]


def test_groups_written_below_an_override_do_not_count_for_the_collection() -> None:
    text = 'language = "ja"\nclassification = "internal"\n[[override]]\npath = "a"\ngroups = ["全行員"]\n'

    [fault] = faults_of("", base=text)

    assert isinstance(fault, AccessListMissing)


@pytest.mark.parametrize("key", ["groups", "denied"])
def test_an_unknown_group_is_refused_wherever_it_is_named(key: str) -> None:
    base = BASE.replace("全行員", "全職員") if key == "groups" else BASE
    [fault] = faults_of('denied = ["全職員"]' if key == "denied" else "", base=base)

    assert isinstance(fault, GroupUnknown)
    assert fault.values["group"] == "全職員"
    assert fault.values["where"].endswith(key)
    assert "全行員" in fault.values["groups"]


def test_an_id_is_not_a_name() -> None:
    assert isinstance(faults_of("", base=BASE.replace("全行員", "g-staff"))[0], GroupUnknown)


def test_an_unknown_group_is_answered_with_all_known_ones_by_both_names() -> None:
    fault = faults_of("", base=BASE.replace("全行員", "存在しない部"))[0]

    assert fault.values["groups"] == "全行員 (All staff), 人事部 (Human Resources), 役員室, 派遣・委託"


def test_up_to_twenty_groups_are_all_named() -> None:
    groups = [Group(id=f"g{n}", names=[f"第{n}営業部", f"Sales {n}", f"g{n}"]) for n in range(20)]

    with pytest.raises(GroupUnknown, match=r"第19営業部 \(Sales 19\)") as caught:
        parse_manifest(BASE.replace("全行員", "存在しない部"), where="c", groups=groups)

    assert caught.value.values["groups"].count("Sales") == 20
    assert "g19" not in caught.value.values["groups"]


def test_among_hundreds_of_groups_the_message_names_those_like_the_one_typed() -> None:
    many = [Group(id=f"g{n}", names=[f"第{n}営業部"]) for n in range(300)]

    with pytest.raises(GroupUnknown, match="第12営業部") as caught:
        parse_manifest(BASE.replace("全行員", "第12営業課"), where="c", groups=many)

    assert len(caught.value.values["groups"]) < 200


def test_a_name_that_two_groups_bear_is_refused_with_their_ids() -> None:
    groups = [*GROUPS, Group(id="g-other", names=["全行員"])]

    with pytest.raises(errors.ManifestGroupAmbiguous, match="g-other, g-staff"):
        parse_manifest(BASE, where="c", groups=groups)


def test_a_group_that_is_let_in_and_shut_out_is_refused() -> None:
    [fault] = faults_of('denied = ["全行員"]')

    assert isinstance(fault, errors.ManifestGroupContradiction)
    assert fault.values["group"] == "全行員"


def test_a_validity_that_ends_before_it_begins_is_refused() -> None:
    [fault] = faults_of("valid_from = 2026-04-01\nvalid_until = 2026-03-31")

    assert isinstance(fault, errors.ManifestDatesCrossed)


def test_a_validity_of_one_day_is_allowed() -> None:
    parsed("valid_from = 2026-04-01\nvalid_until = 2026-04-01").rule_for("a")


def test_overrides_that_contradict_each_other_only_together_are_refused_for_their_document() -> None:
    manifest = parsed(
        '[[override]]\npath = "*.pdf"\nvalid_from = 2026-04-01\n[[override]]\npath = "a.*"\nvalid_until = 2026-03-31'
    )

    assert manifest.rule_for("b.pdf").access.valid_until is None
    with pytest.raises(errors.ManifestDatesCrossed, match=r"\(a\.pdf\)"):
        manifest.rule_for("a.pdf")


@pytest.mark.parametrize("value", ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59", "0001-01-01T00:00:00+09:00"])
def test_a_date_beyond_the_calendar_is_refused_and_does_not_crash(value: str) -> None:
    assert isinstance(faults_of(f"valid_until = {value}")[0], errors.ManifestDateOutOfRange)


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ('valid_from = "2026-04-01"', "valid_from = 2027-03-31"),
        ("valid_from = 20260401", "valid_from = 2027-03-31"),
        ("valid_until = 09:00:00", "valid_until = 2027-03-31"),
        ('compartments = "x"', 'compartments = ["x"]'),
        ("compartments = [1]", 'compartments = ["..."]'),
        ('compartments = [""]', 'compartments = ["..."]'),
        ('denied = "派遣・委託"', 'denied = ["派遣・委託"]'),
        ("denied = true", 'denied = ["..."]'),
        ("[denied]\na = 1", 'denied = ["..."]'),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_the_right_spelling(line: str, remedy: str) -> None:
    [fault] = faults_of(line)

    assert isinstance(fault, errors.ManifestTypeWrong)
    assert fault.text("en").endswith(remedy)
    assert fault.text("ja").endswith(remedy)


def test_a_classification_that_is_a_number_is_refused() -> None:
    [fault] = faults_of("", base=BASE.replace('"internal"', "2"))

    assert isinstance(fault, errors.ManifestTypeWrong)


@pytest.mark.parametrize("key", ["language", "classification"])
def test_language_and_classification_must_be_there(key: str) -> None:
    [fault] = faults_of("", base="".join(line for line in BASE.splitlines(keepends=True) if not line.startswith(key)))

    assert isinstance(fault, errors.ManifestKeyMissing)
    assert fault.values["key"] == key


@pytest.mark.parametrize("line", ['override = "x"', "[override]\npath = 'a'", "override = [1]"])
def test_an_override_that_is_no_list_of_tables_is_refused(line: str) -> None:
    assert isinstance(faults_of(line)[0], errors.ManifestOverrideWrong)


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("/役員/a.pdf", '"役員/a.pdf"'),
        ("役員/", '"役員/**"'),
        ("./a.pdf", '"a.pdf"'),
        ("../他/a.pdf", '"他/a.pdf"'),
        ("役員\\\\a.pdf", '"役員/a.pdf"'),
        ("", '"**"'),
    ],
)
def test_a_path_that_can_match_nothing_is_refused_with_one_that_can(path: str, better: str) -> None:
    [fault] = faults_of(f'[[override]]\npath = "{path}"\nlanguage = "en"')

    assert isinstance(fault, errors.ManifestPathInvalid)
    assert fault.values["example"] == better


def test_an_override_without_a_path_is_refused() -> None:
    assert isinstance(faults_of('[[override]]\nlanguage = "en"')[0], errors.ManifestTypeWrong)


def test_all_faults_of_a_file_are_told_at_once_in_both_languages() -> None:
    with pytest.raises(errors.ManifestInvalid, match="has 5 faults") as caught:
        parsed(
            'compartment = []\nvalid_from = "x"\n[[override]]\npath = "a"\ngroups = []\nlanguage = "jp"',
            base=BASE.replace("全行員", "全職員"),
        )

    codes = [fault.code for fault in caught.value.faults]
    assert codes == [
        "manifest-key-misspelt",
        "group-unknown",
        "manifest-type-wrong",
        "manifest-word-unknown",
        "access-list-missing",
    ]
    for language in ("en", "ja"):
        assert len(caught.value.text(language).splitlines()) == 6


def test_control_characters_in_a_value_are_made_visible() -> None:
    [fault] = faults_of('denied = ["\\u001b[31m\\u202eabc"]')

    assert "⟨U+001B⟩" in str(fault)
    assert "\x1b" not in fault.text("ja")
    assert "\u202e" not in fault.text("ja")


def test_a_manifest_is_read_from_the_root_of_the_collection(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(BASE, "utf-8")

    assert read_manifest(tmp_path, GROUPS).rule_for("a").access.groups == ["g-staff"]


def test_the_mark_that_windows_editors_write_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(BASE, "utf-8-sig")

    assert read_manifest(tmp_path, GROUPS).base.language == "ja"


def test_a_manifest_saved_as_cp932_is_refused_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(BASE, "cp932")

    with pytest.raises(errors.ManifestEncoding, match="Save the file as UTF-8"):
        read_manifest(tmp_path, GROUPS)


@pytest.mark.parametrize(
    "bad", ["groups = [", "groups = 全行員", 'groups = ["a"\nx', "language = 'ja'\nlanguage = 'en'"]
)
def test_a_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path, bad: str) -> None:
    (tmp_path / MANIFEST).write_text("# 見出し\n" + bad, "utf-8")

    with pytest.raises(errors.ManifestSyntax, match=r"collection\.toml, line [23]: ") as caught:
        read_manifest(tmp_path, GROUPS)

    assert caught.value.values["text"] in bad.splitlines()


def test_brackets_nested_without_end_are_refused_and_do_not_crash(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("groups = " + "[" * 100_000, "utf-8")

    with pytest.raises(errors.ManifestSyntax, match=r"collection\.toml"):
        read_manifest(tmp_path, GROUPS)


def test_a_manifest_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(BASE, "utf-8")
    (tmp_path / MANIFEST).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(errors.ManifestUnreadable, match=r"collection\.toml cannot be read"):
        read_manifest(tmp_path, GROUPS)


def test_a_pipe_in_place_of_a_manifest_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / MANIFEST)

    with pytest.raises(errors.ManifestUnreadable, match="must be a plain file"):
        read_manifest(tmp_path, GROUPS)


def test_a_folder_in_place_of_a_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()

    with pytest.raises(errors.ManifestUnreadable, match="must be a plain file"):
        read_manifest(tmp_path, GROUPS)


def test_a_manifest_beyond_reason_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("#" * 1_000_001, "utf-8")

    with pytest.raises(errors.ManifestUnreadable, match="at most 1000000 bytes"):
        read_manifest(tmp_path, GROUPS)
