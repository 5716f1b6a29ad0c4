"""Which of several told values of a trait is a person's: one meaning, as SQL for either store.

A *word* is the last thing that one source said of a trait to one node; an unset withdraws all that the same source
said before. A word *stands* where it has a value that its source did not withdraw later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from foretell.definitions import Catalog
from foretell.identify import BySource, Survival, identity_of

VERIFIED = "_verified"
"""``email_verified: true`` says that what its source told as ``email`` before, or at once, is verified (OpenID
Connect Core 1.0, section 5.1)."""
WORDS = ("profile_key", "node_key", "trait", "source", "s", "n", "ts", "seq")
"""Columns of words."""
_SAME = ("profile_key", "node_key", "source")


@dataclass(frozen=True)
class Survivorship:
    """Rule of each trait.

    Args:
        default: of traits that are not named.
        traits: trait → rule.
    """

    default: Survival | BySource = "latest"
    traits: Mapping[str, Survival | BySource] = field(default_factory=dict)

    def of(self, trait: str) -> Survival | BySource:
        """The rule of a trait."""
        return self.traits.get(trait, self.default)

    def only(self, trait: str) -> Survivorship:
        """The rule of one trait as that of all: what is asked about it alone."""
        return Survivorship(self.of(trait))

    @property
    def plain(self) -> bool:
        """True where the last word counts for every trait."""
        return all(rule == "latest" for rule in (self.default, *self.traits.values()))

    def asks(self, rule: Survival) -> bool:
        """True where some trait has this rule."""
        return rule in (self.default, *self.traits.values())


USUAL_SURVIVORSHIP = Survivorship()
"""Without a document the last word counts."""


def survivorship_of(catalog: Catalog) -> Survivorship:
    """What the workspace's identity document says."""
    told = identity_of(catalog).survivorship
    return USUAL_SURVIVORSHIP if told is None else Survivorship(told.default, dict(told.traits))


def words_sql(rows: str) -> str:
    """SQL of the words in ``rows`` (SQL with the columns :data:`WORDS`, a row for each time something was told)."""
    return (
        f"SELECT {', '.join(f'r.{name}' for name in WORDS)} FROM (SELECT h.*, row_number() OVER (PARTITION BY "
        f"h.profile_key, h.node_key, h.source, h.trait ORDER BY h.ts DESC, h.seq DESC) AS newest FROM ({rows}) AS h) "
        "AS r WHERE r.newest = 1"
    )


def ranked_sql(words: str, rules: Survivorship, *, verified: bool = False) -> str:
    """SQL of ``words`` with what counts: also ``stands`` (0, 1), ``verified`` (0, 1) and ``place``.

    The word with place 1 says what the person's trait is: its value where it stands, otherwise nothing.

    Args:
        words: SQL with the columns :data:`WORDS`, one row a profile, node, source and trait.
        verified: tell for every word whether it is verified; otherwise only where a rule needs it (else 0).
    """
    columns = ", ".join(f"w.{name}" for name in WORDS)
    looks = verified or rules.asks("verified_first")
    # The words are joined to themselves where a confirmation is looked for: a subquery each would read them all.
    flag, beside = ("CASE WHEN " + _CONFIRMS + " THEN 1 ELSE 0 END", _BESIDE) if looks else ("0", "")
    told = (
        f"SELECT {columns}, CASE WHEN sum(CASE WHEN w.s IS NULL AND w.n IS NULL THEN 1 ELSE 0 END) OVER "
        "(PARTITION BY w.profile_key, w.trait, w.source ORDER BY w.ts DESC, w.seq DESC "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) = 0 THEN 1 ELSE 0 END AS stands, "
        f"{flag} AS verified FROM words AS w{beside}"
    )
    count = "sum(t.stands) OVER (PARTITION BY t.profile_key, t.trait, t.s, t.n)" if rules.asks("most_frequent") else "0"
    counted = f"SELECT t.*, {count} AS records FROM ({told}) AS t"
    return (
        f"WITH words AS ({words}) SELECT c.*, row_number() OVER (PARTITION BY c.profile_key, c.trait ORDER BY "
        f"{_order(rules)}c.ts DESC, c.seq DESC) AS place FROM ({counted}) AS c"
    )


_BESIDE = (
    f" LEFT JOIN words AS v ON {' AND '.join(f'v.{name} = w.{name}' for name in _SAME)} "
    f"AND v.trait = w.trait || '{VERIFIED}'"
)
_CONFIRMS = "lower(v.s) = 'true' AND (v.ts > w.ts OR (v.ts = w.ts AND v.seq >= w.seq))"


def _order(rules: Survivorship) -> str:
    """SQL of the order before time; empty where time alone counts."""
    if rules.plain:
        return ""
    named = {trait: rules.of(trait) for trait in sorted(rules.traits)}
    withdrawn = _by_trait({trait: _gone(rule) for trait, rule in named.items()}, _gone(rules.default))
    rank = _by_trait({trait: _rank(rule) for trait, rule in named.items()}, _rank(rules.default))
    return f"{withdrawn}, {rank}, "


def _by_trait(named: Mapping[str, str], default: str) -> str:
    differing = {trait: sql for trait, sql in named.items() if sql != default}
    if not differing:
        return default
    cases = " ".join(f"WHEN {text_sql(trait)} THEN {sql}" for trait, sql in differing.items())
    return f"CASE c.trait {cases} ELSE {default} END"


def _gone(rule: Survival | BySource) -> str:
    """What was withdrawn is no choice, but for the rule by which the last word counts whatever it says."""
    return "0" if rule == "latest" else "1 - c.stands"


def _rank(rule: Survival | BySource) -> str:
    if isinstance(rule, BySource):
        cases = " ".join(f"WHEN {text_sql(source)} THEN {place}" for place, source in enumerate(rule.by_source))
        return f"CASE c.source {cases} ELSE {len(rule.by_source)} END"
    ranks: Mapping[Survival, str] = {
        "latest": "0",
        "most_frequent": "-c.records",
        "longest": "-coalesce(length(c.s), 0)",
        "verified_first": "-c.verified",
    }
    return ranks[rule]


def text_sql(value: str) -> str:
    """``value`` as a literal of both stores."""
    return "'" + value.replace("'", "''") + "'"


def traits_told_of(traits: Sequence[str], rules: Survivorship) -> list[str]:
    """The traits that have to be read to know ``traits``: also those that say whether one is verified."""
    also = [trait + VERIFIED for trait in traits if rules.of(trait) == "verified_first"]
    return list(dict.fromkeys([*traits, *also]))
