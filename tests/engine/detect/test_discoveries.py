import numpy as np
import pytest
from tests.engine.detect.detect_batches import batch_of

from amends.engine.contracts import BadInput
from amends.engine.detect import DetectConfig, detect, discover

CONFIG = DetectConfig(false_alarms_per_series_year=2.0, min_history_buckets=60, refit_every=60)


def test_what_is_named_among_many_is_real() -> None:
    rng = np.random.default_rng(1)
    rate = rng.gamma(4.0, 3.0, (400, 1)) * np.ones(120)
    rate[:20, 70:] *= 2.5
    batch = batch_of(rng.poisson(rate))
    detection = detect(batch, CONFIG)
    named = discover(batch, detection, CONFIG, period=60)
    assert not named[:, :70].any()
    assert named[:20, -1].mean() >= 0.8
    assert named[20:, -1].sum() <= 2
    again = discover(batch, detection, CONFIG, period=20)
    assert again[:20, -1].mean() >= 0.7


def test_a_share_or_period_of_nothing_is_refused() -> None:
    batch = batch_of(np.full((1, 70), 3.0))
    detection = detect(batch, CONFIG)
    with pytest.raises(BadInput, match="share of 0"):
        discover(batch, detection, CONFIG, period=30, false_share=0)
    with pytest.raises(BadInput, match="at least one bucket"):
        discover(batch, detection, CONFIG, period=0)
