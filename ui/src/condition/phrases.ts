import { checksOf, OPS, SETS, TEST_KEYS, type Check, type Op, type SetName } from "./checks";
import { FUNCTIONS, headOf } from "./heads";
import { at, drop, isMapping, placeOf, rename, type Json, type Mapping, type Path } from "./written";
import type { Source } from "./vocabulary";

/** A row of the builder is a sentence of phrases, and a phrase of tokens; a token knows where it stands in the written condition. */
export type Token =
  | { kind: "word"; text: string }
  | { kind: "name"; label: string; path: Path; value: string; source?: Source; subject?: boolean }
  | { kind: "key"; label: string; path: Path; value: string; source: Source }
  | { kind: "op"; label: string; check: Check; set: SetName }
  | { kind: "scalar"; label: string; path: Path; value: Json; source?: Source; list?: boolean }
  | { kind: "extend"; label: string; path: Path }
  | { kind: "span"; label: string; path: Path; value: string }
  | { kind: "choice"; label: string; value: string; options: readonly (readonly [string, string])[]; edit: (node: Json, value: string) => Json; subject?: boolean }
  | { kind: "yaml"; label: string; path: Path; value: Json };

export interface Phrase {
  id: string;
  tokens: Token[];
  /** What it is called where it can be taken out, and the row without it. */
  title?: string;
  without?: (node: Json) => Json;
}

const FUNCTION_WORDS = [["sum", "the sum of"], ["avg", "the average of"], ["min", "the smallest"], ["max", "the largest"], ["distinct", "the different values of"]] as const;
const NUMBER_KEYS = new Set<string>(SETS.number);
const AGO = new Set(["ago"]);

const word = (text: string): Token => ({ kind: "word", text });
const eventAt = (node: Json, path: Path): string => {
  const told = at(node, path);
  return typeof told === "string" ? told : "";
};

/** Without what is at a place, and without what holds nothing more then. */
export function cleared(node: Json, path: Path): Json {
  const next = drop(node, path);
  const above = path.slice(0, -1);
  const rest = at(next, above);
  return above.length > 0 && typeof above.at(-1) === "string" && isMapping(rest) && Object.keys(rest).length === 0 ? drop(next, above) : next;
}

function operands(check: Check, label: string, source?: Source): Token[] {
  const { op, operand, path } = check;
  if (op === null) return [{ kind: "yaml", label, path, value: operand }];
  const each = Array.isArray(operand) ? operand : [];
  const scalar = (value: Json, where: Path, list?: boolean): Token => ({ kind: "scalar", label, path: where, value, source, list });
  const span = (value: Json, where: Path): Token => ({ kind: "span", label, path: where, value: String(value) });
  const ending = op.startsWith("ago.") ? [word("ago")] : op.startsWith("age.") ? [word("years")] : [];
  switch (OPS[op][1]) {
    case "none": return [];
    case "list": return [{ kind: "name", label, path, value: String(operand), source: { of: "list" } }];
    case "many": return [...each.flatMap((one, index) => [...(index ? [word("or")] : []), scalar(one, [...path, index], true)]), { kind: "extend", label: `Another value: ${label}`, path }];
    case "two": return [scalar(each[0] ?? "", [...path, 0]), word("and"), scalar(each[1] ?? "", [...path, 1]), ...ending];
    case "spans": return [span(each[0] ?? "", [...path, 0]), word("and"), span(each[1] ?? "", [...path, 1]), ...ending];
    case "span": return [span(operand, path), ...ending];
    default: return [scalar(operand, path), ...ending];
  }
}

/** The tests at a place as tokens. */
function tests(node: Json, holder: Path, set: SetName, label: string, source?: Source, only?: ReadonlySet<string>): Token[] {
  return checksOf(node, holder, only).flatMap((check, index): Token[] => [
    ...(index ? [word("and")] : []),
    ...(check.op && (SETS[set] as readonly Op[]).includes(check.op) ? [{ kind: "op", label: `Test of ${label}`, check, set } as const] : []),
    ...(check.op && (SETS[set] as readonly Op[]).includes(check.op) ? operands(check, label, source) : [{ kind: "yaml", label, path: check.path, value: check.operand } as const]),
  ]);
}

function eventTokens(node: Json, path: Path, subject = false): Token[] {
  const told = at(node, path);
  if (typeof told === "string") return [{ kind: "name", label: "Event", path, value: told, source: { of: "event" }, subject }];
  return isMapping(told) ? [word("an event whose name"), ...tests(node, path, "name", "name", { of: "event" })] : [{ kind: "yaml", label: "Event", path, value: told ?? null }];
}

/** Tests of properties, one a phrase. */
function properties(node: Json, path: Path, source: (property: string) => { key: Source; value?: Source }, opening = "where"): Phrase[] {
  const told = at(node, path);
  if (told === undefined) return [];
  if (!isMapping(told) || Object.keys(told).length === 0) return [{ id: placeOf(path), tokens: [word(opening), { kind: "yaml", label: opening, path, value: told }], title: opening, without: (row) => cleared(row, path) }];
  return Object.keys(told).map((name, index): Phrase => ({
    // Its place in the row, not its name: what is renamed stays the same field, and keeps the caret.
    id: `${placeOf(path)} ${index}`, title: name || "this test", without: (row) => cleared(row, [...path, name]),
    tokens: [word(index ? "and" : opening), { kind: "key", label: "Property", path: [...path, name], value: name, source: source(name).key }, ...tests(node, [...path, name], "value", name || "value", source(name).value)],
  }));
}

const ofEvent = (event: string) => (property: string) => ({ key: { of: "property", event } as const, value: { of: "value", event, property } as const });
const ofTable = (table: string) => () => ({ key: { of: "column", table } as const });

const one = (id: string, path: Path, title: string, tokens: Token[]): Phrase => ({ id: placeOf(path) || id, tokens, title, without: (row) => cleared(row, path) });

/** A length of time, or what else was written there. */
const spanAt = (node: Json, path: Path, label: string): Token => {
  const told = at(node, path);
  return typeof told === "string" ? { kind: "span", label, path, value: told } : { kind: "yaml", label, path, value: told ?? null };
};

/** A name, or what else was written there. */
const nameAt = (node: Json, path: Path, label: string, source?: Source, subject?: boolean): Token => {
  const told = at(node, path);
  return typeof told === "string" ? { kind: "name", label, path, value: told, source, subject } : { kind: "yaml", label, path, value: told ?? null };
};

const scalarAt = (node: Json, path: Path, label: string, source?: Source): Token => {
  const told = at(node, path) ?? null;
  return typeof told === "object" && told !== null ? { kind: "yaml", label, path, value: told } : { kind: "scalar", label, path, value: told, source };
};

const namesAt = (node: Json, path: Path, label: string, source: Source): Token[] => {
  const told = at(node, path);
  if (!Array.isArray(told) || told.some((name) => typeof name !== "string")) return [nameAt(node, path, label, source)];
  return told.flatMap((_, index) => [...(index ? [word("and")] : []), nameAt(node, [...path, index], label, source)]);
};

type Maker = (node: Mapping, base: Path, event: string, place: "row" | "step" | "first") => Phrase[];

/** What can qualify the events of a head, in the order in which it is said. */
const QUALIFIERS: Record<string, Maker> = {
  where: (node, base, event) => properties(node, [...base, "where"], ofEvent(event)),
  times: (node, base) => [one("times", [...base, "times"], "how often", [...tests(node, [...base, "times"], "number", "times"), word("times")])],
  within: (node, base, _, place) => [one("within", [...base, "within"], "the window", [word(place === "step" ? "within" : "in the last"), spanAt(node, [...base, "within"], "Window"), ...(place === "step" ? [word("of that")] : [])])],
  since: (node, base) => sinceOf(node, [...base, "since"]),
  local_hour: (node, base) => [one("local_hour", [...base, "local_hour"], "the hour", [word("when the hour there"), ...tests(node, [...base, "local_hour"], "value", "hour")])],
  weekday: (node, base) => [one("weekday", [...base, "weekday"], "the day of the week", [word("when the day of the week there"), ...tests(node, [...base, "weekday"], "value", "day of the week")])],
  in_any: (node, base) => [one("in_any", [...base, "in_any"], "in any", [word("in any"), spanAt(node, [...base, "in_any"], "Window"), word("of the past")])],
  per: (node, base, event) => [one("per", [...base, "per"], "for each", [word("for one and the same"), nameAt(node, [...base, "per"], "Property", { of: "property", event })])],
  as: (node, base) => [one("as", [...base, "as"], "its name", [word("called $"), nameAt(node, [...base, "as"], "Name of the value")])],
  change: (node, base) => changeOf(node, [...base, "change"]),
  top: (node, base) => [one("top", [...base, "top"], "the top", [word("and are among the top"), scalarAt(node, [...base, "top"], "Top")])],
  without: (node, base, event) => withoutOf(node, [...base, "without"], event),
  same: (node, base, event) => [one("same", [...base, "same"], "the same", [word("with the same"), ...namesAt(node, [...base, "same"], "Property", { of: "property", event })])],
};

function sinceOf(node: Json, path: Path): Phrase[] {
  const told = at(node, path);
  const which = isMapping(told) ? (["last", "first"] as const).find((name) => name in told) : undefined;
  if (!isMapping(told) || !which || Object.keys(told).some((key) => key !== which && key !== "where")) return [one("since", path, "since", [word("since"), scalarAt(node, path, "Since")])];
  const head: Token = { kind: "choice", label: "Since which", value: which, options: [["last", "their last"], ["first", "their first"]], edit: (row, value) => rename(row, [...path, which], value) };
  return [one("since", path, "since", [word("since"), head, ...eventTokens(node, [...path, which])]), ...properties(node, [...path, "where"], ofEvent(eventAt(node, [...path, which])))];
}

function changeOf(node: Json, path: Path): Phrase[] {
  const told = at(node, path);
  if (!isMapping(told)) return [one("change", path, "the change", [word("changed by"), { kind: "yaml", label: "Change", path, value: told ?? null }])];
  const base = "base" in told ? [one("base", [...path, "base"], "the least before", [word("which held"), ...tests(node, [...path, "base"], "number", "number before")])] : [];
  const rest = Object.keys(told).filter((key) => key !== "base" && !NUMBER_KEYS.has(key)).map((key) => one(key, [...path, key], key, [word(key), { kind: "yaml", label: key, path: [...path, key], value: told[key] ?? null }]));
  return [one("change", path, "the change", [word("and the change against the window before is"), ...tests(node, path, "number", "change", undefined, NUMBER_KEYS)]), ...base, ...rest];
}

function withoutOf(node: Json, path: Path, event: string): Phrase[] {
  const told = at(node, path);
  if (!isMapping(told)) return [one("without", path, "without", [word("that no"), nameAt(node, path, "Event", { of: "event" }), word("follows")])];
  const rest = Object.keys(told).filter((key) => key !== "did" && key !== "where").map((key) => one(key, [...path, key], key, [word(key), { kind: "yaml", label: key, path: [...path, key], value: told[key] ?? null }]));
  return [one("without", path, "without", [word("that no"), ...eventTokens(node, [...path, "did"]), word("follows")]), ...properties(node, [...path, "where"], ofEvent(eventAt(node, [...path, "did"]) || event)), ...rest];
}

/** Sums, averages and the like: `sum: revenue, gte: 500` and `sum: {revenue: {gte: 500}}`. */
function aggregates(node: Mapping, event: string): Phrase[] {
  return FUNCTIONS.filter((name) => name in node).flatMap((name): Phrase[] => {
    const told = node[name] as Json;
    const pick = (path: Path): Token => ({ kind: "choice", label: "Which number", value: name, options: FUNCTION_WORDS, edit: (row, value) => rename(row, path, value) });
    if (typeof told === "string") {
      const own = (row: Json) => [...NUMBER_KEYS].reduce((rest, key) => drop(rest, [key]), drop(row, [name]));
      return [{ id: name, title: `the ${name}`, without: own, tokens: [word("with"), pick([name]), nameAt(node, [name], "Property", { of: "property", event }), ...tests(node, [], "number", told || "number", undefined, NUMBER_KEYS)] }];
    }
    if (!isMapping(told)) return [one(name, [name], name, [word(name), { kind: "yaml", label: name, path: [name], value: told }])];
    return Object.keys(told).map((property, index) => ({ ...one(name, [name, property], property, [word("with"), pick([name]), { kind: "key", label: "Property", path: [name, property], value: property, source: { of: "property", event } }, ...tests(node, [name, property], "number", property)]), id: `${name} ${index}` }));
  });
}

/** The sentence of a condition without parts; null where there is no form for it, and its YAML is shown. */
export function phrasesOf(node: Json, place: "row" | "step" | "first" = "row"): Phrase[] | null {
  const head = headOf(node);
  if (!isMapping(node) || head === null || !Object.hasOwn(FORMS, head)) return null;
  const phrases = FORMS[head]?.(node, head, place);
  if (!phrases) return null;
  const covered = new Set(COVERED[head] ?? [head]);
  const rest = Object.keys(node).filter((key) => key !== head && !covered.has(key) && !(hasInline(node) && NUMBER_KEYS.has(key)));
  return [...phrases, ...rest.map((key) => one(key, [key], key, [word(key), { kind: "yaml", label: key, path: [key], value: node[key] ?? null }]))];
}

const hasInline = (node: Mapping): boolean => FUNCTIONS.some((name) => typeof node[name] === "string");
const SAID_BEFORE = ["where", "times"];
const QUALIFYING = Object.keys(QUALIFIERS);
const COVERED: Record<string, readonly string[]> = {
  did: [...QUALIFYING, ...FUNCTIONS], did_not: [...QUALIFYING, ...FUNCTIONS], last: [...QUALIFYING.filter((key) => key !== "times"), "ago", "is"], first: [...QUALIFYING.filter((key) => key !== "times"), "ago", "is"],
  trait: [...TEST_KEYS], prediction: ["horizon", ...NUMBER_KEYS, "exists"], table: ["where", "times"], message: ["is", "is_not"], event: [...TEST_KEYS], context: [...TEST_KEYS], bucket: [...NUMBER_KEYS],
  sequence: ["same", "within", "open"], ratio: ["within", "change", ...NUMBER_KEYS],
};

function qualified(node: Mapping, head: string, place: "row" | "step" | "first", names: readonly string[]): Phrase[] {
  return names.filter((name) => name in node).flatMap((name) => QUALIFIERS[name]?.(node, [], eventAt(node, [head]), place) ?? []);
}

type Form = (node: Mapping, head: string, place: "row" | "step" | "first") => Phrase[];

const did: Form = (node, head, place) => {
  const pick: Token = { kind: "choice", label: "Did or did not", value: head, options: [["did", "did"], ["did_not", "did not"]], edit: (row, value) => rename(row, [head], value) };
  const event = eventAt(node, [head]);
  return [
    { id: "head", tokens: [place === "first" && head === "did" ? word("did") : pick, ...eventTokens(node, [head], true)] },
    ...qualified(node, head, place, SAID_BEFORE),
    ...aggregates(node, event),
    ...qualified(node, head, place, QUALIFYING.filter((name) => !SAID_BEFORE.includes(name))),
  ];
};

const pick: Form = (node, head, place) => {
  const which: Token = { kind: "choice", label: "Last or first", value: head, options: [["last", "their last"], ["first", "their first"]], edit: (row, value) => rename(row, [head], value) };
  return [
    { id: "head", tokens: [which, ...eventTokens(node, [head], true)] },
    ...qualified(node, head, place, QUALIFYING.filter((name) => name !== "times")),
    ...("ago" in node ? [one("ago", ["ago"], "how long ago", tests(node, [], "ago", "time since", undefined, AGO))] : []),
    ...properties(node, ["is"], ofEvent(eventAt(node, [head])), "and says that"),
  ];
};

const named = (before: string, label: string, of: "segment" | "persona" | "consent", after = ""): Form => (node, head) => [
  { id: "head", tokens: [word(before), nameAt(node, [head], label, { of }, true), ...(after ? [word(after)] : [])] },
];

/** A name that is held against tests beside it. */
const tested = (before: string, label: string, set: SetName, source: (name: string) => Source | undefined, own?: Source): Form => (node, head) => {
  const name = eventAt(node, [head]);
  return [{ id: "head", tokens: [...(before ? [word(before)] : []), nameAt(node, [head], label, own, true), ...tests(node, [], set, name || label.toLowerCase(), source(name), new Set([...TEST_KEYS].filter((key) => key !== head)))] }];
};

const FORMS: Record<string, Form> = {
  did, did_not: did, last: pick, first: pick,
  trait: tested("", "Trait", "value", (trait) => ({ of: "trait-value", trait }), { of: "trait" }),
  prediction: (node, head) => [{ id: "head", tokens: [word("foreseen"), nameAt(node, [head], "Prediction", { of: "prediction" }, true), ...("horizon" in node ? [word("over"), spanAt(node, ["horizon"], "Horizon")] : []), ...tests(node, [], "score", "probability", undefined, new Set([...NUMBER_KEYS, "exists"]))] }],
  segment: named("are in segment", "Segment", "segment"),
  persona: named("are of the persona", "Persona", "persona"),
  consent: named("agreed to", "Purpose", "consent"),
  near: (node) => {
    const told = node.near;
    if (!isMapping(told) || Object.keys(told).some((key) => !["trait", "lat", "lon", "km"].includes(key))) return [{ id: "head", tokens: [word("near"), { kind: "yaml", label: "Place", path: ["near"], value: told ?? null }] }];
    return [{ id: "head", tokens: [nameAt(node, ["near", "trait"], "Trait", { of: "trait" }, true), word("within"), scalarAt(node, ["near", "km"], "Kilometres"), word("km of"), scalarAt(node, ["near", "lat"], "Latitude"), word("north,"), scalarAt(node, ["near", "lon"], "Longitude"), word("east")] }];
  },
  table: (node) => [
    { id: "head", tokens: [word("have a row in"), nameAt(node, ["table"], "Own table", { of: "table" }, true)] },
    ...properties(node, ["where"], ofTable(eventAt(node, ["table"]))),
    ...("times" in node ? [one("times", ["times"], "how many", [...tests(node, ["times"], "number", "rows"), word("times")])] : []),
  ],
  message: tested("the message of the step", "Step", "state", () => undefined),
  event: tested("the event that began it says", "Property", "value", () => undefined),
  context: tested("at this moment", "What is looked at", "value", () => undefined),
  bucket: tested("the draw", "Draw", "number", () => undefined),
  sequence: (node) => ["same", "within"].filter((name) => name in node).flatMap((name) => QUALIFIERS[name]?.(node, [], "", "row") ?? []).concat(
    "open" in node ? [one("open", ["open"], "not so far", typeof node.open === "boolean" ? [{ kind: "choice", label: "When the window is not over", value: String(node.open), options: [["true", "not so far is enough"], ["false", "only when the window is over"]], edit: (row, value) => ({ ...(row as Mapping), open: value === "true" }) }] : [{ kind: "yaml", label: "open", path: ["open"], value: node.open ?? null }])] : [],
  ),
  ratio: (node) => [
    ...("within" in node ? QUALIFIERS.within?.(node, [], "", "row") ?? [] : []),
    ...(Object.keys(node).some((key) => NUMBER_KEYS.has(key)) ? [{ id: "test", title: "the test of the ratio", without: (row: Json) => [...NUMBER_KEYS].reduce((rest, key) => drop(rest, [key]), row), tokens: [word("the ratio is"), ...tests(node, [], "number", "ratio", undefined, NUMBER_KEYS)] }] : []),
    ...("change" in node ? changeOf(node, ["change"]) : []),
  ],
};
