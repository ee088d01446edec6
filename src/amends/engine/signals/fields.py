"""The fields a column may mean: what each holds and the names that exports give it."""

import re
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import DIMENSIONS, SIGNAL_SCHEMA


@dataclass(frozen=True, slots=True)
class Field:
    """One mappable field of the Signal contract.

    `holds` is date, text, id, label, score, whole, money, number, flag or word; `names` are column
    names that mean it, best first, as `plain_name` spells them.
    """

    name: str
    holds: str
    names: tuple[str, ...]


def _field(name: str, holds: str, names: str) -> Field:
    return Field(name, holds, (name.replace("_", " "), *names.split(", ")))


FIELDS: Final[dict[str, Field]] = {
    field.name: field
    for field in (
        _field("source", "word", "source system"),
        _field(
            "external_id",
            "id",
            "id, unique id, uuid, guid, record id, response id, complaint id, ticket id, tweet id, "
            "review id, case number, case id, ticket number, complaint number, reference number, "
            "reference, incident number, number, survey id, post id, message id, signal id, "
            "feedback id, contact id, key, ref",
        ),
        _field("version", "whole", "revision"),
        _field("kind", "word", "signal kind"),
        _field(
            "occurred_at",
            "date",
            "occurred, created at, created, created date, date created, creation date, timestamp, "
            "date, date received, received date, date submitted, submitted at, submission date, "
            "date of complaint, complaint date, response date, recorded date, end date, date pub, "
            "date published, published at, publication date, review date, tweet created, "
            "posted at, post date, event date, contact date, call date, survey date, "
            "reported at, reported date, open date, opened, datetime, time, day, "
            "created on, start date, datum, fecha, erstellt am",
        ),
        _field("received_at", "date", "received, date sent to company, ingested at"),
        _field(
            "customer_id",
            "id",
            "customer, client id, customer number, customer no, account id, account number, "
            "requester id, user id, member id, subscriber id, consumer id, passenger id, "
            "customer key, cust id, customer email, msisdn, household id, person id",
        ),
        _field(
            "agent_id",
            "id",
            "agent, agent name, assignee, assignee id, owner, owner id, handled by, rep, "
            "representative, employee id, advisor, advisor id, assigned to, responder id",
        ),
        _field(
            "vendor",
            "label",
            "vendor name, supplier, carrier, airline, airline name, company, company name, "
            "partner, provider, merchant, courier, contractor, brand, manufacturer, bank, operator",
        ),
        _field(
            "case_ref", "id", "case reference, parent id, problem id, related case, incident id"
        ),
        _field(
            "region",
            "label",
            "state, country, origin country, area, city, location, market, territory, province, "
            "county, district, site, store, branch, postcode area, country code, land",
        ),
        _field(
            "segment",
            "label",
            "customer segment, customer type, travel type, type of traveller, traveller type, "
            "persona, user type, client type, audience",
        ),
        _field("tier", "label", "customer tier, plan, loyalty tier, loyalty level, membership"),
        _field(
            "product",
            "label",
            "product name, product type, product line, service, service name, cabin type, cabin, "
            "cabin class, class of travel, seat type, item, sku, product category, app",
        ),
        _field(
            "channel",
            "label",
            "contact channel, submitted via, via, origin, medium, contact method, contact type, "
            "channel name, via channel, intake channel, distribution channel",
        ),
        _field("touchpoint", "label", "touch point, interaction, stage of contact"),
        _field("journey_stage", "label", "journey, stage, journey step, lifecycle stage"),
        _field(
            "verbatim",
            "text",
            "text, comment, comments, review, review text, description, complaint, message, body, "
            "narrative, consumer complaint narrative, complaint text, complaint narrative, "
            "feedback, customer feedback, content, tweet, tweet text, customer comment, remark, "
            "remarks, details, complaint details, note, notes, transcript, utterance, question, "
            "query, open text, free text, reason for score, response text, answer, review body, "
            "review content, customer review, description text, kommentar, beschreibung, "
            "comentario, commentaire",
        ),
        _field("subject", "text", "title, headline, summary, review title, short description"),
        _field("language", "word", "lang, locale, user language, language code"),
        _field(
            "nps",
            "score",
            "nps score, net promoter score, likelihood to recommend, ltr, recommend score, "
            "nps rating, how likely are you to recommend",
        ),
        _field(
            "csat",
            "score",
            "csat score, customer satisfaction, satisfaction, satisfaction score, "
            "satisfaction rating, csat rating, overall satisfaction, customer satisfaction score",
        ),
        _field("ces", "score", "ces score, customer effort score, effort score, ease, ease score"),
        _field(
            "resolution_code",
            "label",
            "reason, reason code, negativereason, negative reason, issue, issue type, category, "
            "complaint category, complaint type, issue category, root cause, cause, label, intent, "
            "topic, disposition, disposition code, resolution, close code, closure code, "
            "case reason, complaint reason, contact reason, ticket type, problem type, "
            "request type, reason for contact, driver, kategorie, categoria",
        ),
        _field("opened_at", "date", "opened date, date opened, opened on, open time"),
        _field(
            "resolved_at",
            "date",
            "resolved, resolved date, resolution date, closed at, closed date, date closed, "
            "closed, solved at, date resolved, closed on, resolved on, completed at, close date",
        ),
        _field("contacts", "whole", "number of contacts, contact count, touches"),
        _field("reopens", "whole", "reopen count, count reopens, reopened"),
        _field("transfers", "whole", "transfer count, number of transfers"),
        _field("is_escalated", "flag", "escalated, escalation"),
        _field("value_at_risk", "money", "revenue at risk, customer value, account value"),
        _field("loss", "money", "amount, loss amount, disputed amount, amount in dispute"),
        _field("currency", "word", "currency code"),
        _field("exposure", "number", "orders, transactions, volume"),
    )
}
"""Every field that a column can be mapped to."""

ATTRIBUTE: Final = "attribute"
"""What `--map column=attribute` says: keep the column, but read no field from it."""

assert set(FIELDS) <= set(SIGNAL_SCHEMA.names)  # noqa: S101 - the contract moved
assert set(DIMENSIONS) <= set(FIELDS)  # noqa: S101 - the contract moved

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^0-9a-zà-öø-ÿß]+")


def plain_name(column: str) -> str:
    """Return a column name in plain words: "DatePub", "date_pub" and "Date pub" are one."""
    return _OTHER.sub(" ", _CAMEL.sub(" ", column).lower()).strip()


def same_name(column: str) -> str:
    """Return what two spellings of one column name share."""
    return plain_name(column).replace(" ", "")
