"""Text hygiene: what is left of a mail or post when everything that is not the customer is gone."""

import html
import re
import unicodedata
from typing import Final

READ_AT_MOST: Final = 60_000
"""Characters of a raw text that are looked at; a longer one is cut before anything else."""

_TRICKY: Final = re.compile(
    r"[<>&@\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
    r"|https?:|www\.|\n|[A-Za-z0-9+/=]{60}"
)
_SCRIPT: Final = re.compile(r"<(script|style|head)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_BREAK: Final = re.compile(r"<(?:br|/?p|/?div|/?li|/?tr|/?blockquote)\b[^>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>")
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200c\u200e-\u200f\u202a-\u202e\u2060\ufeff]"
)
_URL: Final = re.compile(r"(?:https?:/{0,2}|www\.)\S+")
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_BLOB: Final = re.compile(r"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/=]{60,}")
_REPLY: Final = re.compile(
    r"^[ \t]*(?:"
    r"-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht)[ \t]*-{2,}"
    r"|on\b[^\n]{6,150}\bwrote:"
    r"|am\b[^\n]{6,150}\bschrieb\b[^\n]{0,80}:"
    r"|le\b[^\n]{6,150}\ba écrit ?:"
    r"|from:[^\n]{1,200}\n[ \t]*(?:sent|date|to):"
    r").*",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_QUOTED: Final = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_SIGNATURE: Final = re.compile(
    r"^(?:--[ \t]*$|[ \t]*(?:sent from my \w+|get outlook for \w+)).*",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_CLOSING: Final = re.compile(
    r"^[ \t]*(?:(?:kind|best|warm|many)? ?regards|best wishes|yours (?:sincerely|faithfully|truly)"
    r"|sincerely|cheers|mit freundlichen grüßen|viele grüße|cordialement|saludos)\b[^\n]{0,20}\n"
    r"(?:[^\n]{0,80}\n?){0,8}\Z",
    re.IGNORECASE | re.MULTILINE,
)
_SPACE: Final = re.compile(r"\s+")


def clean_text(text: str | None) -> str:
    """Return the words of the person who wrote: no markup, quoted mail, signature, link or blob.

    A text of which nothing would be left (a forwarded mail, say) keeps what was quoted. Case,
    punctuation and emoji stay, for they tell the mood. None and blank give "".
    """
    if not text:
        return ""
    raw = text[:READ_AT_MOST]
    if _TRICKY.search(raw) is None:
        return _SPACE.sub(" ", raw).strip()
    plain = _CONTROL.sub(" ", _without_markup(unicodedata.normalize("NFC", raw)))
    own = _own_words(plain)
    return _squeeze(own) or _squeeze(plain)


def _without_markup(text: str) -> str:
    if "<" in text:
        text = _TAG.sub(" ", _BREAK.sub("\n", _SCRIPT.sub(" ", text)))
    return html.unescape(text) if "&" in text else text


def _own_words(text: str) -> str:
    if "\n" not in text:
        return text
    for pattern in (_REPLY, _QUOTED, _SIGNATURE, _CLOSING):
        text = pattern.sub("", text)
    return text


def _squeeze(text: str) -> str:
    if max(map(len, text.split()), default=0) >= 60:
        text = _BLOB.sub(" ", text)
    if "http" in text or "www." in text:
        text = _URL.sub(" ", text)
    if "@" in text:
        text = _MAIL.sub(" ", text)
    return _SPACE.sub(" ", text).strip()
