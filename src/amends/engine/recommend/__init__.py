"""What may, must and should be done for a customer: policy tables, then ranking that learns."""

from .arms import Arm
from .checks import Findings, Overlap, check, require_sound
from .explain import decide, explain
from .jdm import to_jdm
from .jdm_read import from_jdm
from .learning import learn
from .log import Lesson, LogRecord
from .pacing import price_after, price_at
from .parts import HitPolicy
from .policy import NOT_LEGAL_ADVICE, Permit, Policy, Ruling, law_presets, shipped_policy
from .policy_file import Failure, failures, parse_table, read_table
from .policy_write import write_table
from .questions import Choice, Question, ending, next_question
from .recommender import Recommender
from .state import LearnedState, dump_state, load_state
from .table import Table
from .to_do import money_words, to_do, what_to_do
from .turning import turns_of
from .typed import Line, Typed, Wrong, read_typed, typed
from .versions import Change, always, changes, gives, row_words, succeeded

__all__ = [
    "NOT_LEGAL_ADVICE",
    "Arm",
    "Change",
    "Choice",
    "Failure",
    "Findings",
    "HitPolicy",
    "LearnedState",
    "Lesson",
    "Line",
    "LogRecord",
    "Overlap",
    "Permit",
    "Policy",
    "Question",
    "Recommender",
    "Ruling",
    "Table",
    "Typed",
    "Wrong",
    "always",
    "changes",
    "check",
    "decide",
    "dump_state",
    "ending",
    "explain",
    "failures",
    "from_jdm",
    "gives",
    "law_presets",
    "learn",
    "load_state",
    "money_words",
    "next_question",
    "parse_table",
    "price_after",
    "price_at",
    "read_table",
    "read_typed",
    "require_sound",
    "row_words",
    "shipped_policy",
    "succeeded",
    "to_do",
    "to_jdm",
    "turns_of",
    "typed",
    "what_to_do",
    "write_table",
]
