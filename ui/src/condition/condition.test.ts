import { describe, expect, it } from "vitest";
import { checksOf, OPS, retest, SETS } from "./checks";
import { additionsTo, ELSEWHERE, HEADS, OFFERS } from "./heads";
import { phrasesOf, type Phrase, type Token } from "./phrases";
import { WRITTEN } from "./rows.fixture";
import { bareValue, shown, typed } from "./scalars";
import { added, doubled, joined, partAt, removed, shifted, slotAt, wrapped } from "./tree";
import { at, isMapping, placeOf, put, rename, type Json, type Path } from "./written";
import { asLine, fromYaml, toYaml } from "./yaml";

const rows = fromYaml(WRITTEN).value as Json[];
const sentence = (phrases: Phrase[] | null) => phrases?.map((phrase) => phrase.tokens.map(said).join(" ")).join(" · ");

function said(token: Token): string {
  switch (token.kind) {
    case "word": return token.text;
    case "op": return OPS[token.check.op ?? "is"][0];
    case "extend": return "+";
    case "yaml": return `‹${asLine(token.value)}›`;
    case "scalar": return `[${shown(token.value)}]`;
    case "choice": return `{${token.value}}`;
    default: return `[${token.value}]`;
  }
}

/** Every value that a row shows, with the place it would be written to. */
function places(value: Json, path: Path, depth = 0): Path[] {
  const part = partAt(value, path, depth);
  if (part.kind === "group") return slotAt(value, part.slot).items.flatMap((item) => places(value, item, depth + 1));
  const node = at(value, path) ?? null;
  const phrases = phrasesOf(node);
  if (!phrases) return [path];
  const steps = part.kind === "steps" ? ((at(node, [part.head]) as Json[]).flatMap((_, index) => places(value, [...path, part.head, index]))) : [];
  return [...steps, ...phrases.flatMap((phrase) => phrase.tokens).flatMap((token): Path[] => ("path" in token && token.kind !== "extend" ? [[...path, ...token.path]] : token.kind === "op" && token.check.op ? [[...path, ...token.check.path]] : token.kind === "choice" && token.label.startsWith("When") ? [[...path, "open"]] : []))];
}

const leavesOf = (value: Json, path: Path = []): Path[] => {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, one]) => leavesOf(one, [...path, Array.isArray(value) ? Number(key) : key]));
  return inner.length ? inner : [path];
};

describe("the written condition", () => {
  it("reads bare words as the server does", () => {
    expect(["01067", "1067", "yes", "true", "0.7", "1e999", "~", "2024-01-01", "0x1f", "12345678901234567890", "-50%"].map(bareValue)).toEqual(["01067", 1067, "yes", true, 0.7, "1e999", null, "2024-01-01", 31, "12345678901234567890", "-50%"]);
  });
  it("shows every scalar so that it is read again as it was", () => {
    for (const value of ["1067", 1067, "true", true, "", "pro", "01067", "null", 0.7, -84.4, "20%", "$c", 'a "b"']) expect(typed(shown(value))).toBe(value);
    expect(shown('"quoted"')).toBe('""quoted""');
    expect(typed('""quoted""')).toBe('"quoted"');
  });
  it.each(rows.map((row, index) => [index, row] as const))("goes to YAML and back, row %i", (_, row) => {
    expect(fromYaml(toYaml(row))).toEqual({ value: row });
    expect(fromYaml(asLine(row))).toEqual({ value: row });
  });
  it("writes groups one part a line, and the parts on one", () => {
    expect(toYaml({ all: [{ did: "Order Completed", within: "6mo" }, { not: { trait: "plan", is: "1" } }] })).toBe('all:\n  - {did: Order Completed, within: 6mo}\n  - not: {trait: plan, is: "1"}\n');
  });
  it("says where YAML is broken", () => {
    expect(fromYaml("all:\n  - {did: [}").line).toBe(2);
    expect(fromYaml("a: 1\na: 2").problem).toBeTruthy();
  });
});

describe("tokens", () => {
  it.each(rows.map((row, index) => [index, row] as const))("show all that row %i holds", (_, row) => {
    const covered = new Set(places(row, []).map(placeOf));
    const missing = leavesOf(row).filter((leaf) => !covered.has("") && !leaf.some((__, index) => covered.has(placeOf(leaf.slice(0, index + 1)))));
    expect(missing).toEqual([]);
  });
  it("make sentences", () => {
    const told = (index: number) => sentence(phrasesOf(rows[index] as Json));
    expect(told(0)).toBe("[birth_date] makes the age between [30] and [45] years");
    expect(told(1)).toBe("{did} [Order Completed] · where [products.category] is [trail running shoes] · in the last [6mo]");
    expect(told(14)).toBe("{did} [Session Ended] · in the last [30d] · and the change against the window before is is at most [-50%] · which held is at least [4]");
    expect(told(21)).toBe("{did} [Order Completed] · with {sum} [revenue] is at least [500] · in the last [6mo]");
    expect(told(35)).toBe('[postal_code] is ["1067"]');
  });
  it("keep what they cannot show as YAML", () => {
    const odd = rows.find((row) => isMapping(row) && "something" in row) as Json;
    expect(sentence(phrasesOf(odd))).toBe("{did} [Order Completed] · where ‹[odd]› · something ‹{not: [known, yet]}›");
    expect(phrasesOf({ nobody: "knows" })).toBeNull();
    expect(phrasesOf({ did: "a", did_not: "b" })).toBeNull();
  });
  it("have a form for every head", () => {
    const groups = ["all", "any", "not", "account"];
    expect(HEADS.filter((head) => !groups.includes(head) && phrasesOf({ [head]: "x" }) === null)).toEqual([]);
    expect(OFFERS.filter((offer) => offer.id !== "account" && phrasesOf(offer.part) === null)).toEqual([]);
    expect(ELSEWHERE.every((head) => OFFERS.some((offer) => offer.id === head))).toBe(true);
  });
  it("change nothing where a value is written to its own place", () => {
    for (const row of rows) for (const path of places(row, [])) expect(put(row, path, at(row, path) ?? null)).toEqual(row);
  });
});

describe("tests of values", () => {
  it("change from one to another and keep the operand", () => {
    const node = { trait: "plan", is: "pro" };
    const [check] = checksOf(node, [], new Set(["is"]));
    expect(check && retest(node, check, "in")).toEqual({ trait: "plan", in: ["pro"] });
    expect(check && retest(node, check, "missing")).toEqual({ trait: "plan", exists: false });
    expect(check && retest(node, check, "ago.gt")).toEqual({ trait: "plan", ago: { gt: "30d" } });
  });
  it("make a mapping of a bare value, in its place", () => {
    const node = { did: "a", where: { path: "/x", topic: "y" }, within: "7d" };
    const [check] = checksOf(node, ["where", "path"]);
    const next = check ? retest(node, check, "starts_with") : node;
    expect(next).toEqual({ did: "a", where: { path: { starts_with: "/x" }, topic: "y" }, within: "7d" });
    expect(Object.keys(next as object)).toEqual(["did", "where", "within"]);
  });
  it("do not write over a test that is there", () => {
    const node = { trait: "age", gte: 5, lt: 9 };
    const [check] = checksOf(node, [], new Set(["gte"]));
    expect(check && retest(node, check, "lt")).toEqual(node);
    const ago = { last: "a", ago: { gt: "1d", lt: "5d" } };
    const [first] = checksOf(ago, [], new Set(["ago"]));
    expect(first && retest(ago, first, "ago.gte")).toEqual({ last: "a", ago: { lt: "5d", gte: "1d" } });
    expect(first && retest(ago, first, "ago.lt")).toEqual(ago);
  });
  it("can each become any other, and read as that", () => {
    for (const from of SETS.value) for (const to of SETS.value) {
      const begin = retest({ trait: "x", is: 4 }, checksOf({ trait: "x", is: 4 }, [], new Set(["is"]))[0]!, from);
      const there = checksOf(begin, []).find((check) => check.path[0] !== "trait");
      const end = there ? retest(begin, there, to) : begin;
      expect(checksOf(end, []).filter((check) => check.path[0] !== "trait").map((check) => check.op)).toEqual([to]);
    }
  });
});

describe("the tree", () => {
  const leaf = (name: string) => ({ trait: name, is: 1 });
  it("grows from everyone to a row, and to a group", () => {
    const first = added(null, [], leaf("a"));
    expect(first).toEqual({ value: leaf("a"), path: [] });
    const second = added(first.value, [], leaf("b"));
    expect(second).toEqual({ value: { all: [leaf("a"), leaf("b")] }, path: ["all", 1] });
    expect(added(second.value, [], leaf("c")).path).toEqual(["all", 2]);
    const except = added({ not: leaf("a") }, ["not"], leaf("b"), "any");
    expect(except.value).toEqual({ not: { any: [leaf("a"), leaf("b")] } });
  });
  it("takes parts out with the groups that are empty then", () => {
    expect(removed(leaf("a"), [])).toBeNull();
    expect(removed({ all: [leaf("a"), { not: { any: [leaf("b")] } }] }, ["all", 1, "not", "any", 0])).toEqual({ all: [leaf("a")] });
    expect(removed({ all: [leaf("a"), { not: leaf("b") }] }, ["all", 1, "not"])).toEqual({ all: [leaf("a")] });
    expect(removed({ all: [leaf("a")] }, ["all", 0])).toBeNull();
  });
  it("moves, doubles, wraps and joins", () => {
    const two = { all: [leaf("a"), leaf("b")] };
    expect(shifted(two, ["all", 0], 1)).toEqual({ value: { all: [leaf("b"), leaf("a")] }, path: ["all", 1] });
    expect(shifted(two, ["all", 0], -1).value).toEqual(two);
    expect(doubled(two, ["all", 0])).toEqual({ all: [leaf("a"), leaf("a"), leaf("b")] });
    expect(wrapped(two, ["all", 1], "not")).toEqual({ all: [leaf("a"), { not: leaf("b") }] });
    expect(joined(two, [], "any")).toEqual({ any: [leaf("a"), leaf("b")] });
  });
  it("draws groups at most three deep, and nothing that would hide a key", () => {
    const deep = rows.find((row) => isMapping(row) && Array.isArray(row.any) && row.any.length === 2 && isMapping(row.any[0]) && "all" in row.any[0]) as Json;
    const inner: Path = ["any", 0, "all", 0, "any", 0];
    expect([0, 1, 2, 3].map((depth) => partAt(deep, inner.slice(0, depth * 2), depth).kind)).toEqual(["group", "group", "group", "row"]);
    expect(partAt({ all: [leaf("a")], extra: 1 }, [], 0).kind).toBe("row");
  });
  it("offers what a row does not have yet", () => {
    const ids = (node: Json) => additionsTo(node).map((one) => one.id);
    expect(ids({ did: "a", within: "7d" })).not.toContain("within");
    expect(ids({ did: "a", sum: "revenue", gte: 5 })).not.toContain("sum");
    expect(ids({ did: "a" })).not.toContain("as");
    expect(ids({ did: "a", per: "x" })).toContain("as");
    expect(ids({ segment: "a" })).toEqual([]);
    for (const head of ["did", "last", "sequence", "ratio", "table", "prediction"]) for (const one of additionsTo({ [head]: "a" })) expect(phrasesOf(one.add({ [head]: "a" }))).not.toBeNull();
  });
  it("renames a key in its place, and never over another", () => {
    expect(rename({ where: { a: 1, b: 2 } }, ["where", "a"], "c")).toEqual({ where: { c: 1, b: 2 } });
    expect(rename({ where: { a: 1, b: 2 } }, ["where", "a"], "b")).toEqual({ where: { a: 1, b: 2 } });
  });
});
