"""What every estimator has to be able to do: Foretell's own, and those that a workspace or a package brings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from foretell.errors import ForetellError
from foretell.predict.binary.rows import Rows
from foretell.predict.estimators import estimator_of, estimators, own
from foretell.predict.estimators.base import Estimator
from foretell.stats import expit, log_loss, roc_auc

MARKS = {"foretell_model": "model_1", "foretell_horizon": "60d"}
WITH_SKOPS = """
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def Estimator():
    return make_pipeline(SimpleImputer(), LogisticRegression())
"""
WITH_BYTES = """
import json

import numpy as np


class Estimator:
    def __init__(self, random_state=0, rate=None):
        self.random_state, self.rate = random_state, rate

    def fit(self, x, y):
        above = x[:, 0] > 0
        self.rate = [float((y[side].sum() + 1) / (side.sum() + 2)) for side in (~above, above)]

    def predict_proba(self, x):
        return np.where(x[:, 0] > 0, self.rate[1], self.rate[0])

    def contributions(self, x):
        found = np.zeros_like(x)
        found[:, 0] = np.where(x[:, 0] > 0, 1, -1)
        return found

    def to_bytes(self):
        return json.dumps(self.rate).encode()

    @classmethod
    def from_bytes(cls, data):
        return cls(rate=json.loads(data))
"""
WITH_STRANGE_TYPES = """
from sklearn.linear_model import LogisticRegression


class Strange:
    pass


class Estimator(LogisticRegression):
    def __init__(self):
        super().__init__()
        self.strange = Strange()

    def fit(self, x, y):
        super().fit(x[:, :1].clip(-9, 9) * 0 + 1, y)

    def predict_proba(self, x):
        return super().predict_proba(x[:, :1] * 0 + 1)
"""


def made(n: int = 1_500, seed: int = 0, gaps: float = 0.05) -> Rows:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 3)).astype(np.float32)
    y = (random.random(n) < expit(2 * x[:, 0] - 1)).astype(float)
    x[random.random((n, 3)) < gaps] = np.nan
    return Rows(x, y, np.arange(n), np.zeros(n, np.int64))


def written(folder: Path, text: str, name: str = "mine") -> Estimator:
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / f"{name}.py").write_text(text)
    return estimator_of(name, folder, "prediction churn")


SUBJECTS: dict[str, Callable[[Path], Estimator]] = {
    **{name: partial(estimator_of, name, thing="prediction churn") for name in estimators()},
    "a pipeline kept by skops": lambda folder: written(folder, WITH_SKOPS),
    "a class that keeps itself": lambda folder: written(folder, WITH_BYTES),
}


@pytest.fixture(params=sorted(SUBJECTS))
def estimator(request: pytest.FixtureRequest, tmp_path: Path) -> Estimator:
    return SUBJECTS[request.param](tmp_path)


def test_it_learns_ranks_and_says_probabilities(estimator: Estimator) -> None:
    rows, later = made(), made(seed=1)
    for setting in estimator.settings:
        model = estimator.learnt(setting, rows, 60, 7)
        p = expit(model.logits(later.x))
        assert p.shape == (len(later),)
        assert roc_auc(later.y, p) > 0.75
        assert abs(p.mean() - later.y.mean()) < 0.06


def test_what_is_tried_is_judged_on_the_watched_rows(estimator: Estimator) -> None:
    rows, later = made(), made(seed=1)
    tried = estimator.tried(estimator.settings[0], rows, later, 7)
    assert tried.p.shape == (len(tried.rounds), len(later))
    assert list(tried.rounds) == sorted(set(tried.rounds))
    best = min(log_loss(later.y, p) for p in tried.p)
    assert best < log_loss(later.y, np.full(len(later), later.y.mean()))


def test_equal_rows_and_seeds_give_equal_files_and_a_loaded_model_says_the_same(estimator: Estimator) -> None:
    rows, later = made(), made(seed=1)
    first, again = (estimator.learnt(estimator.settings[0], rows, 40, 7) for _ in range(2))
    assert first.to_bytes(MARKS) == again.to_bytes(MARKS)
    loaded, marks = estimator.load(first.to_bytes(MARKS))
    assert {name: marks[name] for name in MARKS} == MARKS
    assert loaded.logits(later.x).tolist() == first.logits(later.x).tolist()
    assert loaded.contributions(later.x, exact=True) == pytest.approx(first.contributions(later.x, exact=True))


def test_a_rows_answer_does_not_depend_on_the_rows_beside_it(estimator: Estimator) -> None:
    rows, later = made(), made(seed=1)
    model = estimator.learnt(estimator.settings[0], rows, 40, 7)
    whole = model.logits(later.x)
    parts = np.concatenate([model.logits(later.x[at : at + 7]) for at in range(0, len(later), 7)])
    if estimator.name in estimators():
        assert whole.tolist() == parts.tolist(), "a cluster scores in parts"
    assert whole.tolist() == pytest.approx(parts.tolist(), abs=1e-4)


def test_contributions_say_which_feature_mattered(estimator: Estimator) -> None:
    rows, later = made(gaps=0), made(seed=1, gaps=0)
    model = estimator.learnt(estimator.settings[0], rows, 60, 7)
    found = model.contributions(later.x, exact=True)
    assert found.shape == later.x.shape
    assert found.dtype == np.dtype(np.float32)
    assert np.abs(found[:, 0]).mean() > 3 * np.abs(found[:, 1]).mean()
    assert np.corrcoef(found[:, 0], later.x[:, 0])[0, 1] > 0.6


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("x = 1", "ESTIMATOR_UNFIT", "models/mine.py has no class called Estimator"),
        ("import nothing_like_it", "ESTIMATOR_BROKEN", "models/mine.py cannot be run: ModuleNotFoundError"),
        ("class Estimator:\n    def fit(self, x, y): pass", "ESTIMATOR_UNFIT", "has no predict_proba"),
        ("class Estimator:\n    pass", "ESTIMATOR_UNFIT", "has no fit and no predict_proba"),
        (
            "class Estimator:\n    def fit(self, x, y): 1 / 0\n    def predict_proba(self, x): pass",
            "ESTIMATOR_BROKEN",
            "fit raised ZeroDivisionError",
        ),
        (WITH_BYTES.replace("return np.where(x[:, 0] > 0, self", "return x[:, 0] * np.nan if 1 else (self"),
         "ESTIMATOR_ANSWERS", "predict_proba gave NaN for 1500 of 1500 rows"),
        (WITH_BYTES.replace("return np.where(x[:, 0] > 0, self", "return 0.5 + np.where(x[:, 0] > 0, self"),
         "ESTIMATOR_ANSWERS", "which is no probability"),
        (WITH_BYTES.replace("return np.where(x[:, 0] > 0, self", "return [1] or (self"),
         "ESTIMATOR_ANSWERS", "predict_proba gave an array of (1,) for 1500 rows"),
        (WITH_STRANGE_TYPES, "ESTIMATOR_UNTRUSTED", "holds types that its TRUSTED does not name"),
        (WITH_BYTES.replace("    @classmethod\n    def from_bytes(cls", "    def other(cls"),
         "ESTIMATOR_UNFIT", "from_bytes(data) has to take them"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_file(tmp_path: Path, text: str, code: str, words: str) -> None:
    def used() -> None:
        rows = made(gaps=0)
        model = written(tmp_path, text).learnt(estimators()["boosted"].settings[0], rows, 10, 7)
        model.logits(rows.x)
        model.to_bytes(MARKS)

    with pytest.raises(ForetellError) as refused:
        used()
    assert refused.value.code == code
    assert words in refused.value.what
    assert refused.value.where == "models/mine.py"
    assert refused.value.next_step


def test_types_that_the_file_vouches_for_are_kept_and_read(tmp_path: Path) -> None:
    rows = made(gaps=0)
    plain = written(tmp_path, WITH_STRANGE_TYPES)
    assert isinstance(plain, own.OwnEstimator)
    assert [name.rpartition(".")[2] for name in plain.trusted] == ["Estimator"], "its own class is vouched for"
    estimator = written(tmp_path, WITH_STRANGE_TYPES + "\nTRUSTED = [f'{__name__}.Strange']\n")
    model = estimator.learnt(estimator.settings[0], rows, 0, 7)
    loaded, _ = estimator.load(model.to_bytes(MARKS))
    assert loaded.logits(rows.x).tolist() == model.logits(rows.x).tolist()


def test_a_name_that_nobody_brings_is_refused_with_those_there_are(tmp_path: Path) -> None:
    for workspace in (tmp_path, None):
        with pytest.raises(ForetellError) as refused:
            estimator_of("nobody", workspace, "prediction churn")
        assert refused.value.code == "ESTIMATOR_MISSING"
        assert refused.value.next_step == (
            "Take one of boosted, logistic, or write models/nobody.py with a class Estimator."
        )


def test_code_that_changed_since_is_not_run_on_the_old_model(tmp_path: Path) -> None:
    data = written(tmp_path, WITH_BYTES).learnt(estimators()["boosted"].settings[0], made(), 0, 7).to_bytes(MARKS)
    with pytest.raises(ForetellError) as refused:
        written(tmp_path, WITH_BYTES + "\n# another one\n").load(data)
    assert refused.value.code == "ESTIMATOR_CHANGED"


def test_a_package_brings_one_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brought_estimator.py").write_text(WITH_BYTES)
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("brought", "brought_estimator:Estimator", own.ENTRY_POINTS)
    monkeypatch.setattr(own, "entry_points", lambda group: [point] if group == own.ENTRY_POINTS else [])
    estimator = estimator_of("brought", None, "prediction churn")
    rows = made()
    model = estimator.learnt(estimator.settings[0], rows, 0, 7)
    loaded, _ = estimator.load(model.to_bytes(MARKS))
    assert roc_auc(rows.y, loaded.logits(rows.x)) > 0.7
