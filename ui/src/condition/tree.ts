import { headOf } from "./heads";
import { at, drop, isMapping, moved, put, rename, type Json, type Path } from "./written";

export type Join = "all" | "any";

/** A place that holds a condition of several parts, of one, or of none. */
export interface Slot { path: Path; join: Join | null; items: Path[] }

export type Part =
  | { kind: "row"; path: Path }
  | { kind: "group"; path: Path; head: "all" | "any" | "not" | "account"; slot: Path }
  | { kind: "steps"; path: Path; head: "sequence" | "ratio" };

/** Groups in groups are drawn so deep; what lies deeper stands as YAML in its row. */
export const DEEPEST = 3;

const isList = (value: Json | undefined): value is Json[] => Array.isArray(value) && value.length > 0;

export function slotAt(value: Json, path: Path): Slot {
  const here = at(value, path);
  if (here === undefined || here === null) return { path, join: null, items: [] };
  const head = headOf(here);
  if ((head === "all" || head === "any") && isMapping(here) && Object.keys(here).length === 1 && isList(here[head])) {
    return { path, join: head, items: here[head].map((_, index) => [...path, head, index]) };
  }
  return { path, join: null, items: [path] };
}

/** How a part is drawn. What has keys beside its head that a form would hide is a row. */
export function partAt(value: Json, path: Path, depth: number): Part {
  const here = at(value, path);
  const head = headOf(here);
  if (!isMapping(here) || head === null) return { kind: "row", path };
  const alone = Object.keys(here).length === 1;
  const inner = here[head];
  if ((head === "sequence" || head === "ratio") && isList(inner) && inner.every(isMapping) && (head === "sequence" || inner.length === 2)) return { kind: "steps", path, head };
  if (!alone || depth >= DEEPEST) return { kind: "row", path };
  if ((head === "all" || head === "any") && isList(inner)) return { kind: "group", path, head, slot: path };
  if ((head === "not" || head === "account") && isMapping(inner)) return { kind: "group", path, head, slot: [...path, head] };
  return { kind: "row", path };
}

/** With one part more; a lone part joins the new one. */
export function added(value: Json, slot: Path, part: Json, join: Join = "all"): { value: Json; path: Path } {
  const { join: joined, items } = slotAt(value, slot);
  if (items.length === 0) return { value: put(value, slot, part), path: slot };
  if (joined) return { value: put(value, [...slot, joined, items.length], part), path: [...slot, joined, items.length] };
  return { value: put(value, slot, { [join]: [at(value, slot) ?? null, part] }), path: [...slot, join, 1] };
}

/** Without a part, and without the groups that are empty then; null is everyone. */
export function removed(value: Json, path: Path): Json {
  const step = path.at(-1);
  if (step === undefined) return null;
  const above = path.slice(0, -1);
  if (typeof step !== "number") return removed(value, above);
  const next = drop(value, path);
  return isList(at(next, above)) ? next : removed(value, above.slice(0, -1));
}

export function joined(value: Json, slot: Path, join: Join): Json {
  const { join: before } = slotAt(value, slot);
  if (before) return rename(value, [...slot, before], join);
  const lone = at(value, slot);
  return lone === undefined || lone === null ? value : put(value, slot, { [join]: [lone] });
}

/** A part one place up or down among its neighbours; where it stands then. */
export function shifted(value: Json, path: Path, by: number): { value: Json; path: Path } {
  const [from, above] = [path.at(-1), path.slice(0, -1)];
  const list = at(value, above);
  if (typeof from !== "number" || !Array.isArray(list)) return { value, path };
  const to = Math.max(0, Math.min(list.length - 1, from + by));
  return { value: put(value, above, moved(list, from, to)), path: [...above, to] };
}

export function doubled(value: Json, path: Path): Json {
  const [index, above] = [path.at(-1), path.slice(0, -1)];
  const list = at(value, above);
  const one = at(value, path) ?? null;
  if (typeof index !== "number" || !Array.isArray(list)) return put(value, path, { all: [one, one] });
  return put(value, above, [...list.slice(0, index + 1), one, ...list.slice(index + 1)]);
}

export const wrapped = (value: Json, path: Path, head: "all" | "any" | "not"): Json => put(value, path, head === "not" ? { not: at(value, path) ?? null } : { [head]: [at(value, path) ?? null] });

/** How many parts there are in all, for a caption. */
export const countOf = (value: Json): number => (value === null ? 0 : slotAt(value, []).items.length);
