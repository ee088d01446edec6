"""How much personal data the redactor finds, and what else it takes for it.

Numbers are made up with valid check digits, written as people write them, and put into sentences
of a customer. Telephone numbers are also looked for by libphonenumber, where it is installed.

    python -m bench.redaction [--each 500] [--seed 1] [--json]
"""

import argparse
import importlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator

import pyarrow as pa
from stdnum import iban, luhn
from stdnum.au import tfn
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.nl import bsn
from stdnum.us import ssn

from amends.engine.signals import redact

Make = Callable[[random.Random], str]

SENTENCES = (
    "{} is what I gave your agent and still nothing has happened.",
    "Please use {} to reach me, I have been waiting for 12 days.",
    "As I wrote on 2024-03-11: {}. Order 48823 was never delivered!",
    "my details: {}, thank you",
    "You asked for it three times ({}) and I was charged 49.90 twice.",
)


def digits(rng: random.Random, n: int, first: str = "0123456789") -> str:
    """Return n digits."""
    return rng.choice(first) + "".join(rng.choice("0123456789") for _ in range(n - 1))


def grouped(text: str, sizes: tuple[int, ...], by: str) -> str:
    """Return a text cut into groups."""
    parts, start = [], 0
    for size in sizes:
        parts.append(text[start : start + size])
        start += size
    return by.join(part for part in parts if part)


def email(rng: random.Random) -> str:
    """Return an address of a mailbox."""
    name = rng.choice(("jo", "maria.silva", "k_mueller", "li-wei", "o.brien+shop", "sam99"))
    host = rng.choice(("mail.example", "example.co.uk", "post.example.de", "a-b.example.com"))
    return rng.choice((str.lower, str.upper, str.title))(f"{name}@{host}")


PHONES = (
    "+44 20 79## 0###", "020 79## 0###", "+44 (0)20 79## 0###", "07#########", "07### ######",
    "(555) 2##-####", "555-2##-####", "555.2##.####", "+1 555 2## ####", "1-555-2##-####",
    "+49 30 9018##", "030 / 9018####", "0171 2######", "+49-171-2######", "0049 171 2######",
    "+33 1 42 ## ## ##", "01 42 ## ## ##", "06.42.##.##.##", "+34 91 ### ## ##", "+39 06 6982 ####",
    "+353 1 7## ####", "01 7## ####", "087 1## ####", "+61 2 9### ####", "(02) 9### ####",
    "0412 ### ###",
    "+31 20 ### ####", "020-#######", "+351 21 ### ####", "+48 22 ### ## ##",
)  # fmt: skip


def phone(rng: random.Random) -> str:
    """Return a telephone number in one of the ways of writing it."""
    return "".join(rng.choice("123456789") if c == "#" else c for c in rng.choice(PHONES))


def card(rng: random.Random) -> str:
    """Return a card number with a valid Luhn digit."""
    start, n, sizes = rng.choice(
        (("4", 16, (4, 4, 4, 4)), ("51", 16, (4, 4, 4, 4)), ("2221", 16, (4, 4, 4, 4)),
         ("37", 15, (4, 6, 5)), ("6011", 16, (4, 4, 4, 4)))
    )  # fmt: skip
    body = start + digits(rng, n - 1 - len(start))
    return grouped(body + luhn.calc_check_digit(body), sizes, rng.choice(("", " ", "-")))


def account(rng: random.Random) -> str:
    """Return an IBAN with valid check digits."""
    country, body = rng.choice(
        (("DE", digits(rng, 18)), ("GB", "WEST" + digits(rng, 14)), ("FR", digits(rng, 23)),
         ("NL", "ABNA" + digits(rng, 10)), ("ES", digits(rng, 20)),
         ("IE", "AIBK" + digits(rng, 14)),
         ("IT", "X" + digits(rng, 22)), ("PT", digits(rng, 21)))
    )  # fmt: skip
    number = country + iban.calc_check_digits(f"{country}00{body}") + body
    return grouped(number, (4,) * 9, rng.choice(("", " ")))


def link(rng: random.Random) -> str:
    """Return an address with a token in it."""
    name, value = rng.choice(("token", "reset", "key", "sig", "session")), digits(rng, 20)
    return f"https://shop.example/{rng.choice(('reset', 'a/b', 'order'))}?{name}=a{value}f"


def valid(make: Callable[[], str], is_valid: Callable[[str], bool]) -> str:
    """Return the first made-up number that the check digits allow."""
    while not is_valid(number := make()):
        pass
    return number


def checked(body: str, digit: Callable[[str], str]) -> str:
    """Return a number with the check digits that go with it."""
    return body + digit(body)


def national(rng: random.Random) -> str:
    """Return an identity number of one of the preset's countries, named where people name it."""
    dated = f"{rng.choice('12')}{digits(rng, 2)}{rng.randint(1, 12):02d}{rng.randint(1, 95):02d}"
    nhs_no = valid(lambda: digits(rng, 10), nhs.is_valid)
    ssn_no = valid(lambda: digits(rng, 9), ssn.is_valid)
    tfn_no = valid(lambda: digits(rng, 9), tfn.is_valid)
    tax_no = valid(lambda: digits(rng, 11, "123456789"), idnr.is_valid)
    pps_no = valid(lambda: digits(rng, 7) + rng.choice("ABCDEFGHIJKLMNOPQRSTUVW"), pps.is_valid)
    return rng.choice(
        (
            f"AB{digits(rng, 6)}{rng.choice('ABCD')}",
            grouped(f"CE{digits(rng, 6)}{rng.choice('ABCD')}", (2, 2, 2, 2, 1), " "),
            "NHS number " + grouped(nhs_no, (3, 3, 4), " "),
            grouped(ssn_no, (3, 2, 4), "-"),
            "my social security number is " + ssn_no,
            pps_no,
            "TFN: " + grouped(tfn_no, (3, 3, 3), " "),
            "Steuer-ID " + grouped(tax_no, (2, 3, 3, 3), " "),
            checked(dated + digits(rng, 6), nir.calc_check_digits),
            checked(digits(rng, 8), dni.calc_check_digit),
            checked("X" + digits(rng, 7), nie.calc_check_digit),
            "BSN " + valid(lambda: digits(rng, 9), bsn.is_valid),
        )
    )


KINDS: dict[str, Make] = {
    "e-mail": email, "phone": phone, "card": card, "iban": account, "id": national, "link": link,
}  # fmt: skip

DECOYS = (
    "order ##########", "ticket ############", "on 202#-0#-1# at 1#:3#", "1,2##,3##.## EUR",
    "tracking 1Z999AA1##########",
    "flight UA####", "parcel 003404341616########", "version 1.2.##", "invoice 2024-000###-##",
    "ref #########",
    "meter reading ######", "article 40######## (8 pieces)", "postcode 1####", "18.30 to 19.45",
    "serial SN-####-####-##",
    "customer no. ########",
)  # fmt: skip


def decoy(rng: random.Random) -> str:
    """Return a number that is nobody's."""
    return "".join(rng.choice("0123456789") if c == "#" else c for c in rng.choice(DECOYS))


def survivors(kind: str, numbers: list[str], texts: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the number and what became of its text where it was not found."""
    placeholder = "[token]" if kind == "link" else f"[{kind}]"
    for number, text in zip(numbers, redact(pa.array(texts)).to_pylist(), strict=True):
        if placeholder not in text:
            yield number, text


def by_libphonenumber(texts: list[str], numbers: list[str]) -> float | None:
    """Return the recall of libphonenumber over the presets' regions; None when it is missing."""
    try:
        matcher = importlib.import_module("phonenumbers").PhoneNumberMatcher
    except ImportError:
        return None
    regions = ("GB", "US", "DE", "FR", "IE", "AU", "NL", "ES", "IT", "PT", "PL")
    found = 0
    for text, number in zip(texts, numbers, strict=True):
        spans = (m.raw_string for region in regions for m in matcher(text, region))
        found += any(number.split()[-1] in span for span in spans)
    return found / len(texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", type=int, default=0, help="misses to show of each kind")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    recall: dict[str, float] = {}
    everything: list[str] = []
    peer = None
    for kind, make in KINDS.items():
        numbers = [make(rng) for _ in range(asked.each)]
        texts = [rng.choice(SENTENCES).format(number) for number in numbers]
        missed = list(survivors(kind, numbers, texts))
        recall[kind] = 1 - len(missed) / asked.each
        everything += texts
        if kind == "phone":
            peer = by_libphonenumber(texts, numbers)
        for number, text in missed[: asked.show]:
            print(f"{kind}: {number!r} in {text!r}", file=sys.stderr)
    plain = [rng.choice(SENTENCES).format(decoy(rng)) for _ in range(asked.each * 4)]
    kept = redact(pa.array(plain)).to_pylist()
    wrong = [(a, b) for a, b in zip(plain, kept, strict=True) if a != b]
    for before, after in wrong[: asked.show]:
        print(f"decoy: {before!r} became {after!r}", file=sys.stderr)
    start = time.process_time()
    redact(pa.array(everything + plain))
    seconds = time.process_time() - start
    result = {
        "recall": recall,
        "recall_phone_libphonenumber": peer,
        "decoys_changed": len(wrong) / len(plain),
        "texts_per_cpu_second": round((len(everything) + len(plain)) / seconds),
    }
    print(json.dumps(result) if asked.json else "\n".join(f"{k}: {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
