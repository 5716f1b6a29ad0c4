import { Document, isMap, isSeq, LineCounter, parseDocument, visit, type ScalarTag, type SchemaOptions } from "yaml";
import { bareValue, isBool, isNull, isNumber } from "./scalars";
import type { Json } from "./written";

const tag = (name: string, matches: (text: string) => boolean): ScalarTag => ({
  identify: () => false, default: true, tag: `tag:yaml.org,2002:${name}`, test: { test: matches } as RegExp, resolve: (text) => bareValue(text),
});
const bool: ScalarTag = { ...tag("bool", isBool), identify: (value) => typeof value === "boolean", stringify: ({ value }) => String(value) };
const nothing: ScalarTag = { ...tag("null", isNull), identify: (value) => value === null, createNode: undefined, stringify: () => "null" };
const number: ScalarTag = { ...tag("float", isNumber), identify: (value) => typeof value === "number", stringify: ({ value }) => String(value) };
const AS_THE_SERVER: SchemaOptions = { schema: "failsafe", customTags: (tags) => [...tags, nothing, bool, number] };

/** Up to so wide a mapping or list of the innermost kind stands on one line, as people write conditions. */
const ONE_LINE = 96;

export interface Read { value?: Json; problem?: string; line?: number }

/** The value of a YAML text, or what is wrong with it. */
export function fromYaml(text: string): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...AS_THE_SERVER, lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const first = document.errors[0];
  if (first) return { problem: first.message, line: lines.linePos(first.pos[0]).line };
  return { value: (document.toJS() ?? null) as Json };
}

/** A value as YAML that reads back as the same. */
export function toYaml(value: Json): string {
  const document = new Document(value, AS_THE_SERVER);
  visit(document, {
    Collection(_, node) {
      if (isMap(node) && node.items.some((pair) => isLong(pair.key))) return;
      if ((isMap(node) || isSeq(node)) && asLine(node.toJSON() as Json).length <= ONE_LINE && !holdsGroups(node.toJSON() as Json)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, nullStr: "null" });
}

const isLong = (key: unknown): boolean => String(key).length > ONE_LINE;
const GROUPS = ["all", "any", "not", "account", "sequence", "ratio"];

function holdsGroups(value: Json): boolean {
  if (Array.isArray(value)) return value.some((one) => typeof one === "object" && one !== null);
  return typeof value === "object" && value !== null && Object.entries(value).some(([key, inner]) => GROUPS.includes(key) || (typeof inner === "object" && inner !== null && holdsGroups(inner)));
}

/** On one line, as a token of a row. */
export function asLine(value: Json): string {
  const document = new Document(value, AS_THE_SERVER);
  visit(document, { Collection(_, node) { node.flow = true; } });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, nullStr: "null" }).trim();
}
