"""Mistakes planted in the compiler, one at a time, are each caught by the comparison.

Each mutant is a copy of the room in which one piece of text is replaced.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from foretell import condition as language
from foretell.engine import Engine
from tests.properties import condition_mutations_more as more
from tests.properties.condition_check import Case, cases, cases_by_hand, differences, further_cases, naive, queries
from tests.properties.condition_store import stored
from tests.properties.condition_world import World, world

SOURCES = {source.name: source.read_text() for source in Path(language.__file__).parent.glob("*.py")}
ALIAS = "mutant"

UTC_ZONE = "__import__('zoneinfo').ZoneInfo('UTC')"
MISTAKEN_NEGATIVE = "has_element(array, [f'NOT coalesce({positive}, FALSE)'])"
TEXT_AS_NUMBER = "f'TRY_CAST({value.text} AS DOUBLE) * 1000000'"
EACH_ELEMENT = "sql.both(has_element(array, [one]) for one in tests)"
LOCAL = "AS TIMESTAMP) {b.operator} {sql.wall(b.wall)}"

MUTATIONS = {
    "window_begins_inclusive": ("scope.py", ".ts > {sql.instant(within", ".ts >= {sql.instant(within"),
    "as_of_exclusive": ("scope.py", ".ts <= {sql.instant(self", ".ts < {sql.instant(self"),
    "as_of_dropped": ("scope.py", '[f"{alias}.ts <= {sql.instant(self.frame.as_of)}", *', "[*"),
    "known_at_dropped": ("scope.py", "[] if self.known_at is None else", "[] if True else"),
    "known_at_exclusive": ("scope.py", "known_at <= {sql", "known_at < {sql"),
    "outcome_begins_inclusive": ("scope.py", ".ts > {sql.instant(frame", ".ts >= {sql.instant(frame"),
    "outcome_ends_exclusive": ("scope.py", "ts <= {sql.instant(end)}", "ts < {sql.instant(end)}"),
    "calendar_steps_in_utc": (
        "scope.py",
        "within.before(frame.as_of, frame.zone)",
        f"within.before(frame.as_of, {UTC_ZONE})",
    ),
    "negation_is_no_complement": ("sql.py", "NOT coalesce({test}, FALSE)", "NOT ({test})"),
    "money_truncated": ("sql.py", "str(int(value * MICRO))", "str(int(value) * MICRO)"),
    "complement_forgotten": ("people.py", 'f"NOT {_is_in(part)}"', "_is_in(part)"),
    "universe_of_all": ("people.py", 'if of == "known" else []', 'if of == "nobody" else []'),
    "universe_of_known": ("people.py", 'if of == "known" else []', "if True else []"),
    "did_not_positive": ("doing.py", "people.complement() if part.negated", "people if part.negated"),
    "all_elements_summed": ("counting.py", "matches.elements.get(array, ())", "()"),
    "times_off_by_one": ("counting.py", '_compare("count(*)", str)', '_compare("count(*) - 1", str)'),
    "nothing_is_never_counted": ("counting.py", "holds_at(test, Decimal(0))\n", "False\n"),
    "sum_of_nothing_missing": ("counting.py", 'f"coalesce(sum(', 'f"nullif(sum('),
    "average_of_nothing_is_zero": ("counting.py", 'Decimal(0) if function in ("sum"', 'Decimal(0) if True or ("sum"'),
    "average_counts_missing": ("counting.py", "* count({number})", "* count(*)"),
    "refunds_positive": ("counting.py", "THEN -abs({number})", "THEN abs({number})"),
    "distinct_ignores_numbers": ("counting.py", " + count(DISTINCT CASE WHEN {text} IS NULL THEN {number} END)", ""),
    "max_for_min": ("counting.py", 'return f"{function}({number})"', 'return f"max({number})"'),
    "same_element_dropped": ("where.py", "has_element(array, tests) for", f"{EACH_ELEMENT} for"),
    "element_tests_dropped": (
        "where.py",
        "found.elements.setdefault(array, [])",
        "found.elements.setdefault(array, [])[:0]",
    ),
    "negative_of_some_element": ("where.py", 'f"NOT {has_element(array, [positive])}"', MISTAKEN_NEGATIVE),
    "first_for_last": ("picking.py", '"DESC" if part.which == "last" else "ASC"', '"ASC"'),
    "earliest_since": ("picking.py", '"max(e.ts)" if part.which == "last"', '"min(e.ts)" if part.which == "last"'),
    "ties_by_sequence": ("picking.py", "e.message_id {order}", "e.seq {order}"),
    "trait_earliest": ("traits.py", "ORDER BY t.ts DESC, t.seq DESC", "ORDER BY t.ts, t.seq"),
    "trait_ties_reversed": ("traits.py", "ORDER BY t.ts DESC, t.seq DESC", "ORDER BY t.ts DESC, t.seq"),
    "missing_trait_is_known": ("picking.py", "return all(check.negated for check in test)", "return False"),
    "universe_not_cut": (
        "people.py",
        "SELECT 1 FROM {sightings} AS s WHERE s.profile_key = u.profile_key AND",
        "SELECT 1 FROM {sightings} AS s WHERE",
    ),
    "score_of_the_future": ("picking.py", 'f"r.as_of <= {sql.instant(frame.as_of)}"', '"TRUE"'),
    "score_never_too_old": ("picking.py", "if max_age is not None:", "if False:"),
    "score_age_exclusive": ("picking.py", "r.as_of >= {sql", "r.as_of > {sql"),
    "score_oldest": ("picking.py", "ORDER BY r.as_of DESC", "ORDER BY r.as_of"),
    "merged_scores_ignored": ("picking.py", "coalesce(m.profile_key, r.node_key)", "r.node_key"),
    "between_excludes_top": ("values.py", """compare('<=', numbers[1])""", """compare('<', numbers[1])"""),
    "numbers_read_as_written": (
        "values.py",
        "return value.number if isinstance",
        f"return {TEXT_AS_NUMBER} if isinstance",
    ),
    "starts_anywhere": ("values.py", '"starts_with": "starts_with"', '"starts_with": "contains"'),
    "exists_text_only": ("values.py", " OR {value.number} IS NOT NULL)", ")"),
    "age_one_more": ("moments.py", '"gt": first + 1', '"gt": first'),
    "ago_inclusive": ("moments.py", '"gt": "<", "gte"', '"gt": "<=", "gte"'),
    "ago_of_the_future": ("moments.py", '[Bound.at("<=", as_of, zone), *_ago', "[*_ago"),
    "after_within_the_day": ("moments.py", "operand + timedelta(days=1)", "operand"),
    "offsets_ignored": ("moments.py", "AS TIMESTAMPTZ) {b.operator} {sql.zoned(b.instant)}", LOCAL),
    "segment_universe_ignored": ("compile.py", "if narrow == of:", "if True:"),
    "since_ignored": ("scope.py", "self.asked is not None and self.asked.since", "False"),
    "since_inclusive": ("scope.py", "{alias}.ts > a.since", "{alias}.ts >= a.since"),
    "missing_since_is_never": ("scope.py", "a.since IS NULL OR ", ""),
    "since_within_segments": ("scope.py", "replace(self.asked, since=False)", "self.asked"),
    "not_restricted": ("scope.py", "return self.asked is not None", "return False"),
    "milder_consent": ("picking.py", "'granted' THEN 1 ELSE 0 END", "'granted' THEN 0 ELSE 1 END"),
    "consent_once_given": ("picking.py", "ORDER BY c.ts DESC, CASE", "ORDER BY c.ts, CASE"),
    "consent_of_any_purpose": ("picking.py", """f"c.purpose IN ({', '.join(map(sql.text, spoken))})",""", ""),
    "consent_over_any_channel": ("picking.py", 'f"c.channel = {sql.text(part.channel)}",', ""),
    "unclear_consent_takes_back": ("picking.py", "c.state IN ('granted', 'denied') AND ", ""),
    "denied_is_consent": ("picking.py", """ "c.state = 'granted'",""", ' "TRUE",'),
    "milder_identity_counts": (
        "picking.py",
        "'denied' THEN 0 WHEN 'granted' THEN 1",
        "'denied' THEN 1 WHEN 'granted' THEN 0",
    ),
    "one_word_of_a_person": ("picking.py", "PARTITION BY c.profile_key, c.node_key ", "PARTITION BY c.profile_key "),
    "consent_of_the_future": ("picking.py", '*scope.rows("c")', '*scope.known("c")'),
    "machines_open": ("running.py", """{machine} = 'true'""", """{machine} = 'never'"""),
    "machines_click_not": ("running.py", "f'{channel} Opened' for channel", "f'{channel} Link Clicked' for channel"),
    "click_is_no_open": ("running.py", '("Opened", "Link Clicked", "Replied")', '("Opened", "Replied")'),
    "reply_is_no_open": ("running.py", '("Opened", "Link Clicked", "Replied")', '("Opened", "Link Clicked")'),
    "open_is_a_click": ("running.py", '"clicked": ("Link Clicked",)', '"clicked": ("Link Clicked", "Opened")'),
    "surveys_are_messages": ("running.py", 'CHANNELS = ("Email",', 'CHANNELS = ("Survey", "Email",'),
    "message_of_any_step": ("running.py", """f"{_plain(scope, 'step').text} = {sql.text(part.step)}",""", ""),
    "message_of_any_run": ("running.py", """ AND a.run = {_plain(scope, 'run').text}""", ""),
    "message_of_anybody": ("running.py", "a.profile_key = e.profile_key AND a.run", "a.run"),
    "message_of_the_future": ("running.py", '*scope.rows("e")', '*scope.known("e")'),
    "message_negation_lost": ("running.py", "people.complement() if part.negated else people", "people"),
    "entry_of_anybody": ("running.py", "a.profile_key = e.profile_key AND a.entry", "a.entry"),
    "entry_of_the_future": ("running.py", "scope.rows('e')", "scope.known('e')"),
    "entry_missing_is_known": ("running.py", "all(check.negated for check in part.test)", "False"),
    "any_for_all": ("binding.py", "return intersection([*sets, *(compiled", "return union([*sets, *(compiled"),
}

WORLDS, QUESTIONS_A_WORLD, QUESTIONS_A_ROUND = 24, 50, 15


@cache
def _code(text: str) -> CodeType:
    """A file of the room, ready to run; all but one of a mutant's are those of the mutant before."""
    return compile(text.replace("foretell.condition", ALIAS), "a file of the mutant", "exec", dont_inherit=True)


@dataclass(frozen=True)
class _Mutant(MetaPathFinder, Loader):
    """Finds the room under its other name."""

    texts: Mapping[str, str]

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """The modules of the room, and no others."""
        known = fullname == ALIAS or (fullname.startswith(f"{ALIAS}.") and self._file(fullname) in self.texts)
        return spec_from_loader(fullname, self, is_package=fullname == ALIAS) if known else None

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(_code(self.texts[self._file(module.__name__)]), module.__dict__)

    def _file(self, name: str) -> str:
        return "__init__.py" if name == ALIAS else f"{name.removeprefix(ALIAS + '.')}.py"


@contextmanager
def mutant(name: str) -> Iterator[ModuleType]:
    """The room with one mutation, imported under another name."""
    file, old, new = (MUTATIONS | more.MUTATIONS)[name]
    texts = dict(SOURCES)
    assert old in texts[file], f"{name}: {old!r} is not in {file}"
    texts[file] = texts[file].replace(old, new)
    finder = _Mutant(texts)
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module(ALIAS)
    finally:
        sys.meta_path.remove(finder)
        for loaded in [module for module in sys.modules if module.split(".")[0] == ALIAS]:
            del sys.modules[loaded]


Round = tuple[list[Case], World, Engine, list[set[int]], list[str]]


class Rounds:
    """Histories in their stores with questions, made when they are first needed.

    The compiler as it is answers all of them rightly.
    """

    def __init__(self, stack: ExitStack, folder: Path, ask: Callable[[int, World, int], Iterator[Case]]) -> None:
        self._stack, self._folder, self._ask = stack, folder, ask
        self._seeds = iter(range(WORLDS))
        self._made: list[Round] = []

    def __iter__(self) -> Iterator[Round]:
        place = 0
        while place < len(self._made) or self._make():
            yield self._made[place]
            place += 1

    def _make(self) -> bool:
        """A further world, if there is one left; its questions come in parts, since most mistakes show in the first."""
        seed = next(self._seeds, None)
        if seed is None:
            return False
        made = world(seed)
        engine = self._stack.enter_context(stored(made.history, self._folder / str(seed)))
        asked = list(self._ask(seed, made, QUESTIONS_A_WORLD))
        self.add(made, engine, asked, [naive(case, made) for case in asked])
        return True

    def add(self, made: World, engine: Engine, asked: list[Case], expected: list[set[int]]) -> None:
        """Questions about a history and their answers."""
        right = queries(asked, made, engine, language)
        assert not differences(asked, made, engine, language, expected)
        for start in range(0, len(asked), QUESTIONS_A_ROUND):
            part = slice(start, start + QUESTIONS_A_ROUND)
            self._made.append((asked[part], made, engine, expected[part], right[part]))


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    with ExitStack() as stack:
        yield Rounds(stack, tmp_path_factory.mktemp("worlds"), cases)


@pytest.fixture(scope="module")
def further_rounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rounds]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("further")
        found = Rounds(stack, folder, further_cases)
        made, asked, expected = cases_by_hand()  # they crowd around the edges
        engine = stack.enter_context(stored(made.history, folder / "by_hand"))
        found.add(made, engine, asked, expected)
        yield found


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutation_is_caught(name: str, rounds: Rounds) -> None:
    with mutant(name) as compiler:
        assert any(differences(*part[:3], compiler, *part[3:]) for part in rounds)


@pytest.mark.parametrize("name", more.MUTATIONS)
def test_further_mutation_is_caught(name: str, further_rounds: Rounds) -> None:
    with mutant(name) as compiler:
        assert any(differences(*part[:3], compiler, *part[3:]) for part in further_rounds)
