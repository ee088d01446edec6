"""The permission matrix: which role may do what, and to whose things. The one place to change it.

`docs/permissions.md` is written from it (`python -m amends.web.project.permission_docs`), and a test
compares the two. Reach: *own* is what a person owns, *team* also what their teams own, *all*
everything; a dash is nothing. Of several roles the widest reach counts.
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """What somebody does here. A person has one or more."""

    LEADER = "leader"
    SERVICE_MANAGER = "service_manager"
    AGENT = "agent"
    QA_ANALYST = "qa_analyst"
    PRODUCT_OWNER = "product_owner"
    COMPLIANCE = "compliance"
    ADVOCATE = "advocate"
    ADMIN = "admin"

    @property
    def label(self) -> str:
        """Return the role's name as people say it."""
        return LABELS[self]


LABELS: Final[Mapping[str, str]] = {
    "leader": "CX leader",
    "service_manager": "Service manager",
    "agent": "Agent",
    "qa_analyst": "QA analyst",
    "product_owner": "Product owner",
    "compliance": "Compliance",
    "advocate": "Customer advocate",
    "admin": "Administrator",
}


class Reach(IntEnum):
    """How far a permission goes."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


class Verb(StrEnum):
    """Everything that can be permitted, as `thing.verb`."""

    SIGNAL_READ = "signal.read"
    SIGNAL_IMPORT = "signal.import"
    SIGNAL_MEND = "signal.mend"
    SOURCE_READ = "source.read"
    CAUSE_READ = "cause.read"
    CAUSE_CORRECT = "cause.correct"
    TAXONOMY_EDIT = "taxonomy.edit"
    BREAKDOWN_READ = "breakdown.read"
    BREAKDOWN_HANDLE = "breakdown.handle"
    DETECTOR_TUNE = "detector.tune"
    ALERT_READ = "alert.read"
    ALERT_HANDLE = "alert.handle"
    ROTA_EDIT = "rota.edit"
    CASE_READ = "case.read"
    CASE_OPEN = "case.open"
    CASE_WORK = "case.work"
    CASE_ASSIGN = "case.assign"
    CASE_RULE_EDIT = "case_rule.edit"
    VIEW_SHARE = "view.share"
    ACTION_TAKE = "action.take"
    ACTION_APPROVE = "action.approve"
    POLICY_READ = "policy.read"
    POLICY_DRAFT = "policy.draft"
    POLICY_PUBLISH = "policy.publish"
    PLAYBOOK_EDIT = "playbook.edit"
    OUTCOME_READ = "outcome.read"
    EFFECT_READ = "effect.read"
    FIX_READ = "fix.read"
    FIX_PROPOSE = "fix.propose"
    FIX_VERIFY = "fix.verify"
    REPORT_READ = "report.read"
    REPORT_SHARE = "report.share"
    AUDIT_READ = "audit.read"
    CUSTOMER_ERASE = "customer.erase"
    PEOPLE_READ = "people.read"
    PEOPLE_MANAGE = "people.manage"
    SYSTEM_READ = "system.read"
    SYSTEM_MANAGE = "system.manage"


COLUMNS: Final = tuple(Role)

# fmt: off
ROWS: Final = (
    # verb                   leader  manager agent   qa      product complia advocat admin   allows to
    (Verb.SIGNAL_READ,      "all     all     all     all     all     all     all     -", "read what customers said"),
    (Verb.SIGNAL_IMPORT,    "-       all     -       -       -       -       -       all", "import files of signals"),
    (Verb.SIGNAL_MEND,      "-       all     -       all     -       -       -       all", "mend and re-drive rows in quarantine"),
    (Verb.SOURCE_READ,      "all     all     -       all     all     all     all     all", "see sources and how they fare"),
    (Verb.CAUSE_READ,       "all     all     all     all     all     all     all     -", "see causes and topics"),
    (Verb.CAUSE_CORRECT,    "-       all     team    all     -       -       -       -", "correct the cause of a signal"),
    (Verb.TAXONOMY_EDIT,    "-       -       -       all     -       -       -       -", "change the taxonomy of causes"),
    (Verb.BREAKDOWN_READ,   "all     all     all     all     all     all     all     -", "see breakdowns and their evidence"),
    (Verb.BREAKDOWN_HANDLE, "all     all     -       all     team    -       -       -", "acknowledge, own and close breakdowns"),
    (Verb.DETECTOR_TUNE,    "all     all     -       all     -       -       -       -", "change thresholds and false-alarm budgets"),
    (Verb.ALERT_READ,       "all     all     own     all     all     all     own     -", "see alerts, their receipts and who is on call"),
    (Verb.ALERT_HANDLE,     "all     all     own     all     team    -       own     -", "be told of alerts, acknowledge and close them"),
    (Verb.ROTA_EDIT,        "all     all     -       -       -       -       -       -", "change who is on call, overrides and escalation steps"),
    (Verb.CASE_READ,        "all     all     team    all     -       all     all     -", "read cases"),
    (Verb.CASE_OPEN,        "-       all     all     -       -       -       all     -", "open a case by hand"),
    (Verb.CASE_WORK,        "-       all     team    -       -       -       own     -", "work on a case: notes, handoffs, closing"),
    (Verb.CASE_ASSIGN,      "-       all     own     -       -       -       -       -", "give a case to somebody"),
    (Verb.CASE_RULE_EDIT,   "-       all     -       -       -       all     -       -", "change which signals open a case and what is out of scope"),
    (Verb.VIEW_SHARE,       "all     all     -       all     -       all     -       -", "share a view of the queue with everybody"),
    (Verb.ACTION_TAKE,      "-       all     team    -       -       -       own     -", "take or skip a recovery action within one's limit"),
    (Verb.ACTION_APPROVE,   "all     team    -       -       -       -       -       -", "approve an action above somebody's limit"),
    (Verb.POLICY_READ,      "all     all     all     all     all     all     all     -", "read policy tables and playbooks"),
    (Verb.POLICY_DRAFT,     "-       all     -       -       -       all     -       -", "draft a policy version"),
    (Verb.POLICY_PUBLISH,   "-       -       -       -       -       all     -       -", "review and publish somebody else's version"),
    (Verb.PLAYBOOK_EDIT,    "-       all     -       -       -       all     -       -", "change playbooks and templates"),
    (Verb.OUTCOME_READ,     "all     all     own     all     all     all     all     -", "see outcomes of cases"),
    (Verb.EFFECT_READ,      "all     all     -       all     all     all     all     -", "see what actions effected over all cases"),
    (Verb.FIX_READ,         "all     all     all     all     all     all     all     -", "see fixes and whether they worked"),
    (Verb.FIX_PROPOSE,      "all     all     -       all     all     -       all     -", "propose a fix with its hypothesis"),
    (Verb.FIX_VERIFY,       "all     -       -       all     team    -       -       -", "verify or refute a fix"),
    (Verb.REPORT_READ,      "all     all     team    all     all     all     all     -", "see the overview and scorecards"),
    (Verb.REPORT_SHARE,     "all     all     -       all     all     all     -       -", "share or schedule a scorecard"),
    (Verb.AUDIT_READ,       "-       -       -       -       -       all     -       -", "read the audit trail"),
    (Verb.CUSTOMER_ERASE,   "-       -       -       -       -       all     -       -", "erase a customer's data"),
    (Verb.PEOPLE_READ,      "all     team    own     own     own     all     own     all", "see people, their roles and teams"),
    (Verb.PEOPLE_MANAGE,    "-       -       -       -       -       -       -       all", "add people, change roles and teams, deactivate"),
    (Verb.SYSTEM_READ,      "-       -       -       -       -       all     -       all", "see the system's health"),
    (Verb.SYSTEM_MANAGE,    "-       -       -       -       -       -       -       all", "connect sources, change settings"),
)
# fmt: on


def _read(rows: Iterable[tuple[Verb, str, str]]) -> Mapping[Verb, Mapping[Role, Reach]]:
    table = {}
    for verb, cells, _ in rows:
        words = cells.upper().replace("-", "NONE").split()
        table[verb] = MappingProxyType(
            {role: Reach[word] for role, word in zip(COLUMNS, words, strict=True)}
        )
    if missing := set(Verb) - set(table):
        raise ValueError(f"The permission table has no row for {', '.join(sorted(missing))}.")
    return MappingProxyType(table)


MATRIX: Final = _read(ROWS)
ALLOWS: Final[Mapping[Verb, str]] = MappingProxyType({verb: text for verb, _, text in ROWS})


def reach_of(roles: Iterable[str], verb: Verb) -> Reach:
    """Return the widest reach that any of `roles` gives for `verb`; unknown roles give nothing."""
    known = [Role(role) for role in roles if role in LABELS]
    return max((MATRIX[verb][role] for role in known), default=Reach.NONE)
