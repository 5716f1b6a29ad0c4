import { at, drop, isMapping, put, type Json, type Mapping, type Path } from "./written";

/** What one test asks; two keys deep where the language has it so (`ago: {gt: 60d}`). */
export const OPS = {
  is: ["is", "one"], is_not: ["is not", "one"], in: ["is one of", "many"], not_in: ["is none of", "many"], in_list: ["is in the list", "list"],
  gt: ["is more than", "one"], gte: ["is at least", "one"], lt: ["is less than", "one"], lte: ["is at most", "one"], between: ["is between", "two"],
  contains: ["contains", "one"], not_contains: ["does not contain", "one"], starts_with: ["starts with", "one"], ends_with: ["ends with", "one"], matches: ["matches", "one"],
  exists: ["is known", "none"], missing: ["is not known", "none"], before: ["is before", "moment"], after: ["is after", "moment"],
  "ago.gt": ["was more than", "span"], "ago.gte": ["was at least", "span"], "ago.lt": ["was less than", "span"], "ago.lte": ["was at most", "span"], "ago.between": ["was between", "spans"],
  "age.is": ["makes the age", "one"], "age.gt": ["makes the age more than", "one"], "age.gte": ["makes the age at least", "one"], "age.lt": ["makes the age less than", "one"], "age.lte": ["makes the age at most", "one"], "age.between": ["makes the age between", "two"],
  anniversary_in: ["comes round within", "span"],
} as const satisfies Record<string, readonly [string, Shape]>;

export type Shape = "none" | "one" | "two" | "many" | "list" | "moment" | "span" | "spans";
export type Op = keyof typeof OPS;

const EQUALITY: Op[] = ["is", "is_not", "in", "not_in"];
const ORDER: Op[] = ["gt", "gte", "lt", "lte", "between"];
const TEXTS: Op[] = ["contains", "not_contains", "starts_with", "ends_with", "matches"];

/** Which tests may stand where. */
export const SETS = {
  value: [...EQUALITY, "in_list", ...ORDER, ...TEXTS, "exists", "missing", "before", "after", "ago.gt", "ago.gte", "ago.lt", "ago.lte", "ago.between", "age.is", "age.gt", "age.gte", "age.lt", "age.lte", "age.between", "anniversary_in"],
  name: [...EQUALITY, ...TEXTS],
  number: [...ORDER, ...EQUALITY],
  score: [...ORDER, ...EQUALITY, "exists", "missing"],
  ago: ["ago.gt", "ago.gte", "ago.lt", "ago.lte", "ago.between"],
  state: ["is", "is_not"],
} as const satisfies Record<string, readonly Op[]>;

export type SetName = keyof typeof SETS;

/** Keys that hold tests where tests stand beside a head. */
export const TEST_KEYS = new Set([...SETS.value.map((op) => op.split(".")[0] as string)].filter((key) => key !== "missing"));

/** One test: where its operand stands. `holder` is the mapping, or the bare value, that it belongs to. */
export interface Check { op: Op | null; holder: Path; path: Path; operand: Json; bare: boolean }

/** The tests that stand at a place: a bare value, or a mapping of tests; of a mapping the keys of `only`. */
export function checksOf(value: Json, holder: Path, only?: ReadonlySet<string>): Check[] {
  const here = at(value, holder);
  if (here === undefined) return [];
  if (!isMapping(here)) return [{ op: Array.isArray(here) || here === null ? null : "is", holder, path: holder, operand: here, bare: true }];
  return Object.entries(here).filter(([key]) => only === undefined || only.has(key)).flatMap(([key, operand]) => {
    const path = [...holder, key];
    if ((key === "ago" || key === "age") && isMapping(operand) && Object.keys(operand).length > 0) {
      return Object.entries(operand).map(([inner, told]): Check => ({ op: known(`${key}.${inner}`, told), holder, path: [...path, inner], operand: told, bare: false }));
    }
    return [{ op: known(key === "exists" && operand === false ? "missing" : key, operand), holder, path, operand, bare: false }];
  });
}

/** The test of that name if its operand has the shape that a form can show. */
function known(name: string, operand: Json): Op | null {
  if (!Object.hasOwn(OPS, name)) return null;
  const op = name as Op;
  const shape: Shape = OPS[op][1];
  const plain = (one: Json) => typeof one !== "object";
  const fits = {
    none: typeof operand === "boolean", one: plain(operand), list: typeof operand === "string", moment: plain(operand), span: typeof operand === "string",
    two: Array.isArray(operand) && operand.length === 2 && operand.every(plain), spans: Array.isArray(operand) && operand.length === 2 && operand.every(plain),
    many: Array.isArray(operand) && operand.length > 0 && operand.every(plain),
  }[shape];
  return fits ? op : null;
}

const firstOf = (operand: Json): Json => (Array.isArray(operand) ? (operand[0] ?? "") : operand);

/** What an operand becomes under another test, as far as it can be kept. */
export function operandFor(op: Op, operand: Json): Json {
  const shape: Shape = OPS[op][1];
  const plain = typeof operand === "boolean" ? "" : firstOf(operand);
  const isSpan = typeof plain === "string" && /^\d+(mo|[smhdwy])$/.test(plain);
  switch (shape) {
    case "none": return op !== "missing";
    case "one": return isSpan ? "" : plain;
    case "many": return Array.isArray(operand) ? operand : [plain];
    case "two": return Array.isArray(operand) && operand.length === 2 ? operand : [plain, plain];
    case "span": return isSpan ? plain : "30d";
    case "spans": return isSpan ? [plain, plain] : ["30d", "60d"];
    default: return typeof plain === "string" && !isSpan ? plain : "";
  }
}

const keyOf = (op: Op): Path => (op === "missing" ? ["exists"] : op.split("."));

/** The written value with another test in the place of one; unchanged where that test is there already. */
export function retest(value: Json, check: Check, op: Op): Json {
  const operand = operandFor(op, check.operand);
  if (check.bare) return op === "is" ? value : put(value, check.holder, put({}, keyOf(op), operand));
  const holder = at(value, check.holder);
  if (!isMapping(holder)) return value;
  const [outer, inner] = check.path.slice(check.holder.length);
  const old = holder[String(outer)];
  if (op !== check.op && at(holder, keyOf(op)) !== undefined && String(keyOf(op)[0]) !== "exists") return value;
  const stays = inner !== undefined && isMapping(old) && Object.keys(old).length > 1;
  const next: Mapping = {};
  for (const [key, told] of Object.entries(holder)) {
    const ready = next[key];
    if (key !== outer) next[key] = isMapping(ready) && isMapping(told) ? { ...told, ...ready } : told;
    else {
      if (stays) next[key] = drop(told, [inner]);
      Object.assign(next, put(next, keyOf(op), operand));
    }
  }
  return put(value, check.holder, next);
}
