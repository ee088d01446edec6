"""The table of severity rules, to be read and argued about by people who write no code.

In a phrase, `*` stands for any ending of a word and `#` for a number; words may be separated by
anything that is no word.
"""

import re
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import Severity


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """One row: when a phrase occurs, severity is at least `at_least`, or a `step` more.

    Several step rows make one step, and steps end at high: critical needs a row that says so.
    """

    name: str
    reason: str
    phrases: str
    at_least: Severity = Severity.LOW
    step: bool = False


RULES: Final = (
    SeverityRule(
        "safety",
        "danger to life or health",
        """caught fire; on fire; house fire; catching fire; smoke from; smoke coming; smoke in;
        smoking; started to smoke; burned my; burnt my; burned me; burnt me; burned his; burned her;
        burnt down; burned down; burns on; scald*; electric shock; electrocut*; sparks; sparking;
        explod*; explosion; injury; injuries; injured; injuring; gas leak; carbon monoxide; chok*;
        in hospital; to hospital; the hospital; hospitali*; allergic reaction; poison*; dangerous*;
        safety hazard; safety risk; fire hazard; unsafe; emergency call*; emergency landing;
        999 call; bleeding; suicid*; kill myself; risk to life; life threatening; deadly""",
        Severity.CRITICAL,
    ),
    SeverityRule(
        "vulnerable",
        "a vulnerable customer",
        """disabled; disability; disabilities; wheelchair; elderly; pensioner*; pregnant; newborn;
        new born; dementia; alzheimer*; cancer; chemo*; dialysis; oxygen; medical device;
        medical alarm; medical equipment; medical condition; care alarm; panic alarm; bereave*;
        passed away; widow*; 7# year*; 8# year*; 9# year*; blind; deaf; terminally ill;
        mental health; depressed; depression; unaccompanied minor; insulin; carer; housebound;
        hospice; special needs; autis*""",
        Severity.HIGH,
    ),
    SeverityRule(
        "regulator",
        "regulator, police or law is named",
        """ombudsman; ofcom; ofgem; fca; fcc; cfpb; bbb; better business bureau; regulator;
        lawyer*; attorney*; solicitor*; sue; suing; lawsuit; court; legal action; legal advice;
        legal steps; legal team; take legal; trading standards; police; gdpr; data protection;
        class action; consumer protection; small claims; department of transport*; illegal*;
        breach of contract""",
        Severity.HIGH,
    ),
    SeverityRule(
        "essential",
        "something needed for daily life is missing",
        """no heating; no hot water; no medication; my medication; medicine; can't pay my rent;
        can't pay the rent; cannot pay my rent; pay our rent; can't pay my bills; homeless;
        evict*; foreclos*; repossess*; without food; without heat*; without power; without water;
        life savings; lost my job; identity theft; can't buy food; no money for food""",
        Severity.HIGH,
    ),
    SeverityRule(
        "leaving",
        "the customer threatens to leave",
        """cancel my contract; cancel my account; cancel my subscription; cancel my service;
        cancelling my; canceling my; switching to; switch to another; leaving you; leave you;
        never again; never fly*; never buy*; never order*; never shop*; never book*; never use*;
        last time; last order; closing my account; close my account; lost a customer; lost me as;
        lost my business; take my business; taking my business; elsewhere; done with you;
        your competitor*; looking for another; changing provider; change provider; move bank*""",
        step=True,
    ),
    SeverityRule(
        "public",
        "the customer goes public",
        """on social media; post this; posting this; trustpilot; google review*; bad review;
        newspaper*; journalist*; the press; the media; go viral; going viral; watchdog;
        tell everyone; telling everyone; tell everybody; name and shame; warn others;
        warn everyone; warn people; tell my followers; on facebook; all over twitter""",
        step=True,
    ),
    SeverityRule(
        "repeat",
        "it is not the first time",
        """third time; fourth time; fifth time; sixth time; #rd time; #th time; third call;
        fourth call; #th call; third attempt; third complaint; again and again; time and again;
        every time; every single time; three times; four times; five times; six times; # times;
        several times; many times; multiple times; countless times; yet again; same problem again;
        not the first time""",
        step=True,
    ),
)
"""The table, in the order in which reasons are given."""

HARMLESS: Final = """
    not dangerous; isn't dangerous; wasn't dangerous; not unsafe; no injury; no injuries;
    not injured; nobody was injured; no one was injured; nothing dangerous; not illegal;
    no smoking; non smoking
    """
"""Phrases that are taken out before the rules look."""


def phrases(listed: str) -> list[str]:
    """Split a list of phrases."""
    return [" ".join(phrase.split()) for phrase in listed.split(";") if phrase.strip()]


def pattern(listed: str) -> re.Pattern[str]:
    """Return the pattern of a list of phrases, for lower-case text."""
    ways = [
        r"\W+".join(
            re.escape(word).replace(r"\*", r"\w*").replace(r"\#", r"\d+") for word in phrase.split()
        )
        for phrase in phrases(listed)
    ]
    return re.compile(rf"\b(?:{'|'.join(ways)})\b")


def keys(listed: str) -> set[str]:
    """Return one telling word per phrase, its ending open where it has a star.

    The longest of each phrase: a text without any of these words need not be searched.
    """
    longest = (max(phrase.split(), key=_letters) for phrase in phrases(listed))
    return {re.sub(r"[^a-z*].*", "", word) for word in longest}


def _letters(word: str) -> int:
    return len(re.match(r"[a-z]*", word).group())  # type: ignore[union-attr] # matches always
