import { isMapping, put, type Json, type Mapping } from "./written";

/** The words a condition can begin with. What they mean, and which may stand where, the server says. */
export const HEADS = [
  "all", "any", "not", "trait", "did", "did_not", "last", "first", "sequence", "ratio", "prediction", "segment", "persona", "consent", "near", "account", "table", "message", "event", "context", "bucket",
] as const;
export const FUNCTIONS = ["sum", "avg", "min", "max", "distinct"] as const;
export type Head = (typeof HEADS)[number];

/** The one head of a written condition; null where there is none or more than one. */
export function headOf(node: Json | undefined): Head | null {
  if (!isMapping(node)) return null;
  const found = HEADS.filter((head) => Object.hasOwn(node, head));
  return found.length === 1 ? (found[0] ?? null) : null;
}

export interface Offer { id: string; title: string; group: string; part: Json }

/** What a new row can be, each with the least that has to be filled in. */
export const OFFERS: readonly Offer[] = [
  { id: "did", group: "What they did", title: "Did something", part: { did: "" } },
  { id: "did_not", group: "What they did", title: "Did not do something", part: { did_not: "", within: "30d" } },
  { id: "last", group: "What they did", title: "Their last time", part: { last: "", ago: { gt: "60d" } } },
  { id: "sequence", group: "What they did", title: "One thing after another", part: { sequence: [{ did: "" }, { did: "", within: "7d" }] } },
  { id: "ratio", group: "What they did", title: "How often for each", part: { ratio: [{ did: "" }, { did: "" }], within: "30d", gte: 0.5 } },
  { id: "trait", group: "Who they are", title: "Trait", part: { trait: "", exists: true } },
  { id: "segment", group: "Who they are", title: "In a segment", part: { segment: "" } },
  { id: "persona", group: "Who they are", title: "Of a persona", part: { persona: "" } },
  { id: "near", group: "Who they are", title: "Near a place", part: { near: { trait: "", lat: 0, lon: 0, km: 25 } } },
  { id: "account", group: "Who they are", title: "In an account", part: { account: { did: "" } } },
  { id: "table", group: "Who they are", title: "Row of an own table", part: { table: "" } },
  { id: "prediction", group: "What is foreseen", title: "Prediction", part: { prediction: "", gte: 0.7 } },
  { id: "consent", group: "What may be done", title: "Agreed to", part: { consent: "" } },
  { id: "bucket", group: "What may be done", title: "Share by draw", part: { bucket: "", lt: "20%" } },
  { id: "message", group: "In this journey", title: "What became of a message", part: { message: "", is: "opened" } },
  { id: "event", group: "In this journey", title: "The event that began it", part: { event: "", exists: true } },
  { id: "context", group: "In this decision", title: "What is looked at now", part: { context: "page.path", contains: "" } },
];

/** Heads that only speak of a run through a journey, or of a decision. */
export const ELSEWHERE = ["message", "event", "context"];

export interface Addition { id: string; title: string; add: (node: Mapping) => Json }

const EVENTS = ["did", "did_not", "last", "first"];
const key = (id: string, title: string, value: Json): Addition => ({ id, title, add: (node) => put(node, [id], value) });

const ADDITIONS: readonly (Addition & { heads: readonly string[]; beside?: (node: Mapping) => boolean })[] = [
  { id: "where", title: "where a property …", heads: [...EVENTS, "table"], add: (node) => put(node, ["where", ""], ""), beside: (node) => !isMapping(node.where) || !("" in node.where) },
  { ...key("times", "how often", { gte: 2 }), heads: ["did", "did_not", "table"] },
  { ...key("within", "in the last …", "30d"), heads: [...EVENTS, "sequence", "ratio"] },
  { id: "sum", title: "the sum, average … of a property", heads: ["did", "did_not"], add: (node) => put(node, ["sum", ""], { gte: 0 }), beside: (node) => !FUNCTIONS.some((name) => name in node) },
  { ...key("since", "since …", { last: "" }), heads: EVENTS },
  { ...key("in_any", "in any week, month …", "7d"), heads: ["did", "did_not"] },
  { ...key("local_hour", "at an hour of the day", { between: [9, 17] }), heads: EVENTS },
  { ...key("weekday", "on a day of the week", { in: ["sat", "sun"] }), heads: EVENTS },
  { id: "per", title: "for one and the same value", heads: ["did", "did_not"], add: (node) => put(node, ["per"], "") },
  { id: "as", title: "call that value $c", heads: ["did", "did_not"], add: (node) => put(node, ["as"], "c"), beside: (node) => "per" in node },
  { ...key("change", "change against the window before", { lte: "-50%", base: { gte: 4 } }), heads: ["did", "did_not", "ratio"] },
  { ...key("top", "among the top …", "10%"), heads: ["did", "did_not"] },
  { ...key("without", "that no other event follows", ""), heads: ["did", "did_not"] },
  { ...key("same", "with the same property", ""), heads: ["did", "did_not", "sequence"] },
  { ...key("ago", "how long ago", { gt: "60d" }), heads: ["last", "first"] },
  { id: "says", title: "and says that …", heads: ["last", "first"], add: (node) => put(node, ["is", ""], ""), beside: (node) => !isMapping(node.is) || !("" in node.is) },
  { ...key("horizon", "over which horizon", "90d"), heads: ["prediction"] },
  { ...key("open", "not so far", true), heads: ["sequence"] },
];

/** What can still be added to a row. */
export function additionsTo(node: Json): Addition[] {
  const head = headOf(node);
  if (head === null || !isMapping(node)) return [];
  return ADDITIONS.filter((one) => one.heads.includes(head) && (one.beside ? one.beside(node) && !(one.id in node && one.id !== "where") : !(one.id in node)));
}
