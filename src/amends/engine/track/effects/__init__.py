"""Effects: cross-fitted AIPW with what speaks against it, policy values, uplift."""

from .cohorts import CohortEffect, cohort_effects
from .config import EffectConfig, Estimand
from .estimate import Estimated, estimate_effect
from .nuisance import Learner
from .off_policy import PolicyLog, PolicyValue, policy_values
from .study import Covariates, Study, encode_covariates, two_arms
from .uplift import QiniCurve, qini, qini_interval, root_pehe, unit_effects

__all__ = [
    "CohortEffect",
    "Covariates",
    "EffectConfig",
    "Estimand",
    "Estimated",
    "Learner",
    "PolicyLog",
    "PolicyValue",
    "QiniCurve",
    "Study",
    "cohort_effects",
    "encode_covariates",
    "estimate_effect",
    "policy_values",
    "qini",
    "qini_interval",
    "root_pehe",
    "two_arms",
    "unit_effects",
]
