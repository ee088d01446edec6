"""Which of very many series changed, with a bound on the share of false ones among them.

A budget of false alarms grows with the number of series; among ten thousand a person rather asks
that of ten that are named nine are real. The e-detectors' sums of one period, divided by its
length, are e-values at every bucket of it (E[R_t] ≤ t), and e-BH turns those of all series into a
list, whatever hangs together with whatever (Shin, Ramdas & Rinaldo 2023; Wang & Ramdas 2022).
"""

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import BadInput, Family, Floats, SeriesBatch
from amends.engine.stats.evidence import next_sum
from amends.engine.stats.links import link_of
from amends.engine.stats.multiplicity import e_bh

from .checks import family_of
from .config import DetectConfig
from .detection import Detection
from .guaranteed import likelihood_ratios

_MOST = 1e290


def discover(
    batch: SeriesBatch,
    detection: Detection,
    config: DetectConfig,
    *,
    period: int,
    false_share: float = 0.1,
) -> NDArray[np.bool_]:
    """Return which series are named in each bucket, (N, T), of all that are known until then.

    Parameters
    ----------
    batch, detection
        What was seen and what `detect` expected of it.
    config
        Its alternatives and its tolerance.
    period
        Buckets after which the evidence begins anew; a change that is older is found again.
    false_share
        The share of false ones among the named, on average at most.

    Raises
    ------
    BadInput
        The share is not between 0 and 1, or the period is shorter than a bucket.

    """
    if not 0 < false_share < 1:
        raise BadInput(f"A share of {false_share} false discoveries is none between 0 and 1.")
    if period < 1:
        raise BadInput("A period has at least one bucket.")
    named = np.zeros(batch.value.shape, dtype=bool)
    sums = np.zeros((len(batch.keys), len(config.ratios)))
    ratios = _ratios(batch, detection, config)
    judged = ~np.isnan(detection.expected)
    begun = int(judged.any(axis=0).argmax()) if judged.any() else 0
    for t in range(begun, batch.value.shape[1]):
        if (t - begun) % period == 0:
            sums[:] = 0.0
        grown = next_sum(sums, ratios[:, t], cap=_MOST)
        np.copyto(sums, grown, where=judged[:, t, None])
        with np.errstate(divide="ignore"):
            evidence = np.log(sums.mean(axis=1) / period)
        named[:, t] = e_bh(np.where(judged[:, : t + 1].any(axis=1), evidence, np.nan), false_share)
    return named


def _ratios(batch: SeriesBatch, detection: Detection, config: DetectConfig) -> Floats:
    """Return the likelihood ratios of the alternatives in every bucket, (N, T, C)."""
    ratios = np.ones((*batch.value.shape, len(config.ratios)))
    families = np.array([family_of(key.measure) for key in batch.keys], dtype=object)
    judged = ~np.isnan(detection.expected)
    for family in Family:
        rows = np.flatnonzero(families == family)
        if not len(rows):
            continue
        link, known = link_of(family), judged[rows]
        value, exposure, mean, sd, dispersion = (
            np.where(known, figures[rows], instead)
            for figures, instead in (
                (batch.value, 0.0),
                (batch.exposure, 1.0),
                (detection.expected, 1.0),
                (detection.relative_sd, 0.0),
                (detection.dispersion, 1.0),
            )
        )
        eta = link.predictor(mean, exposure), sd
        found = likelihood_ratios(link, (value, exposure), eta, dispersion, config)
        ratios[rows] = np.where(known[:, :, None], found, 1.0)
    return ratios
