"""Personal data leave the text; everything else stays."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.signals import redact, redact_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.bloggs+x@mail.example.co.uk please", "write to [e-mail] please"),
        ("call +44 20 7946 0958 today", "call [phone] today"),
        ("call (555) 123-4567.", "call [phone]."),
        ("my number is 555-123-4567", "my number is [phone]"),
        ("Tel. 089 1234567", "Tel. [phone]"),
        ("ring 07911123456 now", "ring [phone] now"),
        ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
        ("card 4111-1111-1111-1111.", "card [card]."),
        ("amex 378282246310005", "amex [card]"),
        ("to DE89 3704 0044 0532 0130 00 by Friday", "to [iban] by Friday"),
        ("GB82WEST12345698765432", "[iban]"),
        ("mon numéro: 06.42.81.82.53", "mon numéro: [phone]"),
        ("030 / 90184536 ist besetzt", "[phone] ist besetzt"),
        ("call me: 21 234 5678", "call me: [phone]"),
        ("NI number AB 12 34 56 C", "NI number [id]"),
        ("my NHS number 943 476 5919", "my NHS number [id]"),
        ("ssn 536-90-4399", "ssn [id]"),
        ("PPS 6433435F", "PPS [id]"),
        ("TFN: 123 456 782", "TFN: [id]"),
        ("Steuer-ID 36 574 261 809", "Steuer-ID [id]"),
        ("codice RSSMRA85T10A562S.", "codice [id]."),
        ("DNI 54362315K", "DNI [id]"),
        ("BSN 111222333", "BSN [id]"),
        (
            "see https://x.example/reset?token=abc123&u=9 now",
            "see https://x.example/reset?[token] now",
        ),
        ("see https://jo:secret@x.example/a", "see https://x.example/a"),
    ],
)
def test_personal_data_are_replaced(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "late by 45 minutes on 2024-01-31 at 17:30",
        "order 1234567890 never came",
        "ticket 567588278875213824",
        "I paid 1,234,567.89 in 2023",
        "card 4111 1111 1111 1112 is no card",
        "@united flight UA1234 from 10.05 to 12.10.2024",
        "https://x.example/help is no use",
        "SO 2024-000123-44",
        "order 0240524613 is late",
        "delivered 08-12-2024, not 05 10 2023",
        "at 07.11.26 07:41 and 07.11.2026 07:41:30",
        "I owe 912 345 678 points",
        "order 123456782 passes a check, but is nobody's number",
    ],
)
def test_other_numbers_and_words_stay(text: str) -> None:
    assert redact_text(text) == text


@given(st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=5))
def test_redaction_keeps_rows_and_is_done_once_for_all(texts: list[str | None]) -> None:
    once = redact(pa.array(texts, pa.string()))
    assert [t is None for t in once.to_pylist()] == [t is None for t in texts]
    assert redact(once).equals(once)


@given(
    st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.(com|org|de)", fullmatch=True),
    st.text("ab ,\n", max_size=9),
)
def test_no_address_survives_in_any_text(address: str, around: str) -> None:
    assert address not in redact_text(f"{around} {address} {around}")
