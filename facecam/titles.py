"""The words for models, heads and classes in the reader's language."""

from collections.abc import Mapping
from typing import Protocol


class Titled(Protocol):
    """What a head is called, be it a package's or the window's."""

    @property
    def name(self) -> str:
        """The head's name."""

    @property
    def title(self) -> Mapping[str, str]:
        """Language code to title."""

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Language code to class to words."""


def text_in(texts: Mapping[str, str], lang: str, otherwise: str) -> str:
    """Return the text in `lang`, else in English, else `otherwise`."""
    return texts.get(lang) or texts.get("en") or otherwise


def words_in(text: str | Mapping[str, str], lang: str) -> str:
    """Return a text that may have been given in several languages: in `lang`, else in English."""
    if isinstance(text, str):
        return text
    return text_in(text, lang, next(iter(text.values()), ""))


def title_of(head: Titled, lang: str) -> str:
    """Return the title of a head in `lang`, else in English, else made from its name."""
    return text_in(head.title, lang, head.name.replace("_", " ").capitalize())


def label_of(head: Titled, name: str, lang: str) -> str:
    """Return the words for a class in `lang`, else in English, else made from its name."""
    texts = {code: words[name] for code, words in head.labels.items() if name in words}
    return text_in(texts, lang, name.replace("_", " "))
