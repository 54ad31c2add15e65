"""click's own sentences in Japanese.

click fetches its sentences through `gettext`, by the names `_` and `ngettext` in its modules; catalogues are files
found through the environment. Ours is this table in the language of the settings, so our functions take the place of
those names. tests/unit/cli/test_click_words.py holds the table against the sentences of the click that is installed.
"""

from __future__ import annotations

from click import core, decorators, exceptions, formatting, parser, termui, types, utils

from appliance.cli.spoken import shown_in

# By click's English, of plurals the singular. What only a programmer meets, or Windows, stays as it is.
JAPANESE = {
    # Help
    "Usage:": "使い方:",
    "Options": "オプション",
    "Positional arguments": "引数",
    "Commands": "コマンド",
    "required": "必須",
    "default: {default}": "既定値: {default}",
    "env var: {var}": "環境変数: {var}",
    "(dynamic)": "（動的）",
    "deprecated": "非推奨",
    "Show this message and exit.": "この説明を表示して終了します。",
    "Show the version and exit.": "版を表示して終了します。",
    "%(prog)s, version %(version)s": "%(prog)s、版 %(version)s",
    # What is wrong with a command line
    "Error: {message}": "エラー: {message}",
    "Try '{command} {option}' for help.": "使い方は '{command} {option}' で確認できます。",
    "Missing command.": "コマンドを指定してください。",
    "No such command {name!r}.": "コマンド {name!r} はありません。",
    "No such option {name!r}.": "オプション {name!r} はありません。",
    "Did you mean {possibility}?": "もしかして: {possibilities}",
    "Missing argument": "引数を指定してください:",
    "Missing option": "オプションを指定してください:",
    "Missing parameter": "値を指定してください",
    "Missing parameter: {param_name}": "値を指定してください: {param_name}",
    "Missing {param_type}": "{param_type} を指定してください",
    "Got unexpected extra argument ({args})": "余分な引数があります（{args}）",
    "Invalid value: {message}": "値が正しくありません: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} の値が正しくありません: {message}",
    "Invalid start character for option ({option})": "オプションの先頭の文字が正しくありません（{option}）",
    "Option {name!r} does not take a value.": "オプション {name!r} に値は指定できません。",
    "Option {name!r} requires an argument.": "オプション {name!r} には値が必要です。",
    "Argument {name!r} takes {nargs} values.": "引数 {name!r} には値が {nargs} 個必要です。",
    "Takes {nargs} values but 1 was given.": "値は {nargs} 個必要です（指定は {len} 個）。",
    "{len_type} values are required, but {len_value} was given.": "値は {len_type} 個です（指定 {len_value} 個）。",
    "unknown error": "不明なエラー",
    "Could not open file {filename!r}: {message}": "ファイル {filename!r} を開けません: {message}",
    # What is wrong with a value
    "file": "ファイル",
    "directory": "フォルダー",
    "path": "パス",
    "Choose from:\n\t{choices}": "次から選んでください:\n\t{choices}",
    "Choice({choices})": "選択肢（{choices}）",
    "{value!r} is not {choice}.": "{value!r} は使えません。使える値: {choices}",
    "{value!r} does not match the format {format}.": "{value!r} は書式に合いません。使える書式: {formats}",
    "{value} is not in the range {range}.": "{value} は範囲 {range} の外です。",
    "{value!r} is not a valid boolean. Recognized values: {states}": "{value!r} は使えません。使える値: {states}",
    "{value!r} is not a valid {number_type}.": "{value!r} は {number_type} ではありません。",
    "{value!r} is not a valid UUID.": "{value!r} は UUID ではありません。",
    "{name} {filename!r} is a file.": "{name} {filename!r} はファイルです。",
    "{name} {filename!r} is a directory.": "{name} {filename!r} はフォルダーです。",
    "{name} {filename!r} is not readable.": "{name} {filename!r} を読み取れません。",
    "{name} {filename!r} is not writable.": "{name} {filename!r} に書き込めません。",
    "{name} {filename!r} is not executable.": "{name} {filename!r} を実行できません。",
    "{name} {filename!r} does not exist.": "{name} {filename!r} がありません。",
    # Questions
    "Aborted!": "中止しました。",
    "Do you want to continue?": "続けますか",
    "Confirm the action without prompting.": "確認せずに実行します。",
    "Error: invalid input": "エラー: y か n で答えてください",
    "Press any key to continue...": "何かキーを押してください",
    "Repeat for confirmation": "確認のため、もう一度入力してください",
    "Error: The two entered values do not match.": "エラー: 2 つの入力が一致しません。",
}


def install() -> None:
    """Let click fetch its sentences here, from now on."""
    for module in (core, decorators, exceptions, formatting, parser, termui, types, utils):
        for name, ours in (("_", _sentence), ("ngettext", _counted)):
            if hasattr(module, name):
                setattr(module, name, ours)


def _sentence(english: str) -> str:
    return JAPANESE.get(english, english) if shown_in() == "ja" else english


def _counted(one: str, many: str, count: int) -> str:
    """Japanese has no plural."""
    return _sentence(one) if shown_in() == "ja" and one in JAPANESE else (one if count == 1 else many)
