"""Effects against known answers: `python bench/effects_known_answers.py DATA_DIR`.

DATA_DIR has the folders hillstrom, lalonde_nsw, ihdp, acic2016, obd and prop99; those that are
absent are skipped. Prints ours beside what is known.
"""

import argparse
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv

from amends.engine.prevent import Panel, did, sdid, synthetic_control, unit_placebos
from amends.engine.track.effects import (
    EffectConfig,
    Estimand,
    Learner,
    PolicyLog,
    Study,
    encode_covariates,
    estimate_effect,
    policy_values,
    qini,
    qini_interval,
    root_pehe,
    unit_effects,
)

Row = tuple[str, str, str]
"""What, ours, known."""


def main() -> None:
    """Print one table over all data sets that are there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the causal data sets")
    parser.add_argument("--only", default="", help="one data set")
    args = parser.parse_args()
    print(f"{'what':<44} {'ours':<46} known")
    for folder, run in SECTIONS.items():
        if not (args.data / folder).exists() or args.only not in {"", folder}:
            continue
        started = time.perf_counter()
        for what, ours, known in run(args.data / folder):
            print(f"{what:<44} {ours:<46} {known}")
        print(f"  {folder}: {time.perf_counter() - started:.1f} s")


def hillstrom(folder: Path) -> Iterator[Row]:
    """Yield the randomised e-mail experiment."""
    table = pc_csv.read_csv(folder / "hillstrom.csv")
    known = {
        ("Mens", "visit"): ".07659 (.00339)", ("Mens", "conversion"): ".00681 (.00092)",
        ("Mens", "spend"): ".770 (.145)", ("Womens", "visit"): ".04523 (.00323)",
        ("Womens", "conversion"): ".00311 (.00082)", ("Womens", "spend"): ".424 (.130)",
    }  # fmt: skip
    qini_known = {"Mens": ".0011 (.0010)", "Womens": ".0071 (.0010)"}
    segment = np.array(table["segment"].to_pylist())
    names = ["recency", "history", "mens", "womens", "zip_code", "newbie", "channel"]
    covariates = encode_covariates(table.select(names))
    counts = np.unique(segment, return_counts=True)[1]
    share = np.full((len(segment), 3), 1 / 3)
    arms = np.unique(segment, return_inverse=True)[1]
    everyone = Study(arms, np.zeros(len(arms)), covariates, share)
    found = estimate_effect(everyone, EffectConfig(learner=Learner.LINEAR), treated=0, control=1)
    yield f"hillstrom sample ratio {counts}", f"p = {found.sample_ratio_p_value:.2f}", "p = .90"
    for email in ("Mens", "Womens"):
        pair = np.flatnonzero((segment == f"{email} E-Mail") | (segment == "No E-Mail"))
        arm = (segment[pair] != "No E-Mail").astype(np.int64)
        half = np.full((len(pair), 2), 0.5)
        for outcome in ("visit", "conversion", "spend"):
            y = table[outcome].to_numpy().astype(float)[pair]
            study = Study(arm, y, covariates.take(pair), half)
            effect = estimate_effect(study, EffectConfig(learner=Learner.LINEAR)).effect
            ours = f"{effect.estimate:.5f} ({effect.standard_error:.5f})"
            yield f"hillstrom {email} {outcome}", ours, known[email, outcome]
            if outcome == "visit":
                score = unit_effects(study, learner=Learner.LINEAR)
                area = qini(score, arm == 1, y).coefficient
                span = qini_interval(score, arm == 1, y, np.random.default_rng(1), draws=100)
                ours = f"{area:.4f} [{span.low:.4f}, {span.high:.4f}]"
                yield f"hillstrom {email} visit Qini", ours, qini_known[email]


def lalonde(folder: Path) -> Iterator[Row]:
    """Yield the training programme: the experiment, and its treated against survey controls."""
    nsw, cps = read_dta(folder / "nsw_mixtape.dta"), read_dta(folder / "cps_mixtape.dta")
    before = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    trial = _study(nsw, before, "re78")
    effect = estimate_effect(trial, EffectConfig(estimand=Estimand.ATT)).effect
    yield "lalonde experiment ATT", _figures(effect.estimate, effect.standard_error), "1794 (671)"
    treated = nsw.filter(pc.equal(nsw["treat"], 1))
    joined = pa.concat_tables([treated, cps], promote_options="permissive")
    arm = joined["treat"].to_numpy().astype(np.int64)
    y = joined["re78"].to_numpy().astype(float)
    yield "lalonde naive", f"{y[arm == 1].mean() - y[arm == 0].mean():.0f}", "-8498"
    for trim in (None, (0.01, 0.9)):
        config = EffectConfig(estimand=Estimand.ATT, trim=trim)
        found = estimate_effect(_study(joined, before, "re78"), config)
        ours = _figures(found.effect.estimate, found.effect.standard_error)
        ours += f" ESS {found.effect.effective_sample_size:.0f} w {found.max_weight:.0f}"
        yield f"lalonde CPS ATT, trim {trim}", ours, "1503 (truth 1794); trimmed 1638"
        without = _study(joined, [n for n in before if n != "re75"], "re78")
        placebo = joined["re75"].to_numpy().astype(float)
        seen = estimate_effect(without, config, placebo=placebo).effect
        on_placebo = estimate_effect(_study(joined, before[:-1], "re75"), config).effect
        ours = f"{_figures(on_placebo.estimate, on_placebo.standard_error)} p {seen.placebo:.2g}"
        yield f"lalonde placebo re75, trim {trim}", ours, "-1273, fails: must be shown"
    yield from _lalonde_614(folder)


def _lalonde_614(folder: Path) -> Iterator[Row]:
    table = pc_csv.read_csv(folder / "lalonde_matchit614.csv")
    before = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
    found = estimate_effect(_study(table, before, "re78"), EffectConfig(estimand=Estimand.ATT))
    ours = _figures(found.effect.estimate, found.effect.standard_error)
    yield "lalonde 614 (PSID controls) ATT", ours, "truth 1794"


def ihdp(folder: Path) -> Iterator[Row]:
    """Yield infant health: simulated outcomes with known effects, all replications there are."""
    errors, pehe, covered = [], [], []
    for i, path in enumerate(sorted(folder.glob("ihdp_npci_*.csv"))):
        data = np.loadtxt(path, delimiter=",")
        arm, y, true = data[:, 0].astype(np.int64), data[:, 1], data[:, 4] - data[:, 3]
        names = [f"x{j}" for j in range(1, 26)]
        covariates = encode_covariates(pa.table(dict(zip(names, data[:, 5:].T, strict=True))))
        study = Study(arm, y, covariates)
        effect = estimate_effect(study).effect
        if effect.estimate is None or effect.interval is None:
            yield f"ihdp {i + 1}", effect.warnings[0], f"{true.mean():.3f}"
            continue
        errors.append(abs(effect.estimate - true.mean()))
        covered.append(effect.interval.low <= true.mean() <= effect.interval.high)
        pehe.append(root_pehe(unit_effects(study), true))
        if i == 0:
            yield "ihdp 1 SATE", _figures(effect.estimate, effect.standard_error), "4.016"
    yield f"ihdp mean |error| of SATE over {len(errors)}", f"{np.mean(errors):.3f}", "T-OLS .109"
    ours = f"{np.mean(pehe):.2f} ({np.median(pehe):.2f})"
    yield "ihdp root PEHE out of fold, mean (median)", ours, "in sample T-RF 1.74 (.68)"
    yield "ihdp intervals that cover", f"{np.mean(covered):.2f}", ".95"


def acic2016(folder: Path) -> Iterator[Row]:
    """Yield the causal inference challenge of 2016."""
    covariates = encode_covariates(pc_csv.read_csv(folder / "x.csv"))
    naive, errors, covered = [], [], []
    for path in sorted(folder.glob("zymu_*.csv")):
        table = pc_csv.read_csv(path)
        arm, y0, y1 = (table[n].to_numpy() for n in ("z", "y0", "y1"))
        true = float((table["mu1"].to_numpy() - table["mu0"].to_numpy()).mean())
        y = np.where(arm == 1, y1, y0)
        effect = estimate_effect(Study(arm.astype(np.int64), y, covariates)).effect
        naive.append(abs(y[arm == 1].mean() - y[arm == 0].mean() - true))
        if effect.estimate is None or effect.interval is None:
            yield f"acic2016 {path.stem}", effect.warnings[0], f"{true:.3f}"
            continue
        errors.append(abs(effect.estimate - true))
        covered.append(effect.interval.low <= true <= effect.interval.high)
        ours = _figures(effect.estimate, effect.standard_error)
        yield f"acic2016 {path.stem}", ours, f"{true:.3f}"
    ours = f"{np.mean(naive):.2f}, {np.mean(errors):.2f}, cover {np.mean(covered):.1f}"
    yield "acic2016 mean |error| naive, AIPW", ours, "1.04, .21, cover .4"


def obd(folder: Path) -> Iterator[Row]:
    """Yield the value of the uniform policy from the log of a Thompson sampler."""
    n_items = {"all": 80, "men": 34, "women": 46}
    known = {"all": ".0024 (ESS 340)", "men": ".0030 (ESS 656)", "women": ".0074, ESS 2: refuse"}
    for campaign, items in n_items.items():
        log = pc_csv.read_csv(folder / "bts" / campaign / f"{campaign}.csv")
        random = pc_csv.read_csv(folder / "random" / campaign / f"{campaign}.csv")
        truth = random["click"].to_numpy().mean()
        click = log["click"].to_numpy().astype(float)
        chance = log["propensity_score"].to_numpy().astype(float)
        target = np.full(len(chance), 1 / items)
        value = policy_values(PolicyLog(click, chance, target))[0]
        raw = float((target / chance * click).mean())
        verdict = "shown" if value.estimate is not None else "refused"
        ours = f"{raw:.4f} ESS {value.effective_sample_size:.0f}"
        ours += f" w {value.max_weight:.0f}: {verdict}"
        yield f"obd {campaign} (truth {truth:.4f})", ours, known[campaign]


def prop99(folder: Path) -> Iterator[Row]:
    """Yield California's tobacco tax: packs per head against 38 states."""
    options = pc_csv.ParseOptions(delimiter=";")
    table = pc_csv.read_csv(folder / "california_prop99.csv", parse_options=options)
    state = np.array(table["State"].to_pylist())
    packs = table["PacksPerCapita"].to_numpy()
    treated = str(state[table["treated"].to_numpy() == 1][0])
    donors = [s for s in np.unique(state) if s != treated]
    panel = Panel(packs[state == treated], np.array([packs[state == s] for s in donors]), 19)
    placebos = unit_placebos(panel, sdid)
    yield "prop99 DID", f"{did(panel):.2f}", "-27.35"
    yield "prop99 SC", f"{synthetic_control(panel):.2f}", "-19.55"
    yield "prop99 SDID", f"{sdid(panel):.2f}", "-15.61"
    yield "prop99 SDID placebo SE", f"{placebos.std(ddof=1):.1f}", "9.5"
    rank = (1 + (np.abs(placebos) >= abs(sdid(panel))).sum()) / (1 + len(placebos))
    yield "prop99 SDID rank p", f"{rank:.3f}", ".026 (SC ratio)"


def _study(table: pa.Table, before: list[str], outcome: str) -> Study:
    return Study(
        table["treat"].to_numpy().astype(np.int64),
        table[outcome].to_numpy().astype(float),
        encode_covariates(table.select(before)),
    )


def _figures(estimate: float | None, error: float | None) -> str:
    if estimate is None or error is None:
        return "refused"
    return (
        f"{estimate:.3f} ({error:.3f})" if abs(estimate) < 100 else f"{estimate:.0f} ({error:.0f})"
    )


def read_dta(path: Path) -> pa.Table:
    """Read a Stata 118 file whose columns are numbers; texts are left out."""
    raw = path.read_bytes()
    order = "<" if b"<byteorder>LSF" in raw[:120] else ">"
    (k,) = struct.unpack_from(order + "H", raw, raw.index(b"<K>") + 3)
    (n,) = struct.unpack_from(order + "Q", raw, raw.index(b"<N>") + 3)
    start = raw.index(b"<variable_types>") + 16
    types = struct.unpack_from(f"{order}{k}H", raw, start)
    start = raw.index(b"<varnames>") + 10
    names = [raw[start + 129 * i :].split(b"\0", 1)[0].decode() for i in range(k)]
    kinds = {65526: "f8", 65527: "f4", 65528: "i4", 65529: "i2", 65530: "i1"}
    formats = [order + kinds[t] if t in kinds else f"S{t}" for t in types]
    record = np.dtype({"names": names, "formats": formats})
    rows = np.frombuffer(raw, record, count=n, offset=raw.index(b"<data>") + 6)
    return pa.table({m: rows[m].astype(float) for m in names if record[m].kind != "S"})


SECTIONS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "hillstrom": hillstrom,
    "lalonde_nsw": lalonde,
    "ihdp": ihdp,
    "acic2016": acic2016,
    "obd": obd,
    "prop99": prop99,
}

if __name__ == "__main__":
    main()
