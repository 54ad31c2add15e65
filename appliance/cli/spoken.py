"""Commands whose help is in the language of the installation, and a table of them that loads only what is run.

The docstring of a command is its English help; `ja` is the Japanese one. Options and arguments take Words.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import click

from appliance.cli.columns import Formatter
from appliance.errors import ApplianceError
from appliance.models import Language
from appliance.settings import load, shell_language
from appliance.words import Words

_LANGUAGE: ContextVar[Language | None] = ContextVar("language", default=None)
_HELP = Words(ja="この説明を表示して終了します。", en="Show this message and exit.")
_VERSION = Words(ja="版を表示して終了します。", en="Show the version and exit.")
_COMMANDS = Words(ja="コマンド", en="Commands")


def shown_in() -> Language:
    """The language that help and messages are shown in: the settings', and before there are any, the shell's."""
    chosen = _LANGUAGE.get()
    if chosen is not None:
        return chosen
    try:
        return load().language
    except ApplianceError:  # the settings themselves may be what is missing or wrong
        return shell_language()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Show everything in this language, for the block."""
    before = _LANGUAGE.set(language)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


class Context(click.Context):
    """A context whose help knows wide characters."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is Words."""

    context_class = Context

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own, passed through
        ja: str,
        help: str | None = None,
        fields: Callable[[], Mapping[str, str]] = dict,
        **kwargs: Any,  # noqa: ANN401 - click's own, passed through
    ) -> None:
        super().__init__(*args, **kwargs)
        self.help = help
        self._words = Words(ja=inspect.cleandoc(ja), en=inspect.cleandoc(help or ""))
        self._fields = fields  # called when the help is shown: what fills it may be slow to load

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help in the language shown."""
        self.help = self._words.text(shown_in(), **self._fields())
        super().format_help_text(ctx, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence."""
        english = self._words.en.split("\n\n")[0].replace("\n", " ").partition(". ")[0].removesuffix(".")
        return Words(ja=self._words.ja.partition("。")[0], en=f"{english}.").text(shown_in())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """click makes it once, with the words of that moment."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = _HELP.text(shown_in())
        return option


class Group(Command, click.Group):
    """A group whose help is Words."""

    command_class = Command


class Option(click.Option):
    """An option whose help is Words."""

    def __init__(self, *args: Any, help: Words, **kwargs: Any) -> None:  # noqa: ANN401 - click's own, passed through
        super().__init__(*args, **kwargs)
        self.help = help.en
        self._words = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option's line in the language shown."""
        self.help = self._words.text(shown_in())
        return super().get_help_record(ctx)


class Argument(click.Argument):
    """An argument whose help is Words."""

    def __init__(self, *args: Any, help: Words, **kwargs: Any) -> None:  # noqa: ANN401 - click's own, passed through
        super().__init__(*args, **kwargs)
        self.help = help.en
        self._words = help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """The argument's line in the language shown."""
        self.help = self._words.text(shown_in())
        return super().get_help_record(ctx)


class Table(Group):
    """A group whose commands are named with their summary and loaded from `module:name` when they are run."""

    def __init__(self, commands_at: Mapping[str, tuple[str, Words]], **kwargs: Any) -> None:  # noqa: ANN401 - click's own, passed through
        super().__init__(**kwargs)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the table's order."""
        return list(self._at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self._at:
            return None
        module, name = self._at[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The summaries, without loading what they summarise."""
        with formatter.section(_COMMANDS.text(shown_in())):
            formatter.write_dl([(name, summary.text(shown_in())) for name, (_, summary) in self._at.items()])


def command(*, ja: str, **kwargs: Any) -> Callable[[Callable[..., object]], Command]:  # noqa: ANN401 - click's own, passed through
    """A command; its docstring is the English help, `ja` the Japanese one."""
    return click.command(cls=Command, ja=ja, **kwargs)


def group(*, ja: str, **kwargs: Any) -> Callable[[Callable[..., object]], Group]:  # noqa: ANN401 - click's own, passed through
    """A group; its docstring is the English help, `ja` the Japanese one."""
    return click.group(cls=Group, ja=ja, **kwargs)


def option(*names: str, help: Words, **kwargs: Any) -> Callable[[Callable[..., object]], Callable[..., object]]:  # noqa: ANN401 - click's own, passed through
    """An option with its help in both languages."""
    return click.option(*names, cls=Option, help=help, **kwargs)


def argument(name: str, *, help: Words, **kwargs: Any) -> Callable[[Callable[..., object]], Callable[..., object]]:  # noqa: ANN401 - click's own, passed through
    """An argument with its help in both languages."""
    return click.argument(name, cls=Argument, help=help, **kwargs)


def version(number: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """The option that shows the version."""
    return click.version_option(number, cls=Option, help=_VERSION)
