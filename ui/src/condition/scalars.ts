import type { Json } from "./written";

/** Bare words as the server's files read them: YAML 1.2, where a number with a needless zero stays text. */
const INT = /^[-+]?(?:0|[1-9][0-9]{0,999})$/;
const BASED = /^(?:0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999})$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NULLS = new Set(["", "~", "null", "Null", "NULL"]);
const BOOLS = new Map([["true", true], ["True", true], ["TRUE", true], ["false", false], ["False", false], ["FALSE", false]]);

export const isNull = (text: string): boolean => NULLS.has(text);
export const isBool = (text: string): boolean => BOOLS.has(text);
/** A number that survives: one with more digits than a number here can hold stays the text it is. */
export const isNumber = (text: string): boolean => (INT.test(text) || BASED.test(text) || FLOAT.test(text)) && exact(text);

function exact(text: string): boolean {
  const number = Number(text);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
}

export function bareValue(text: string): null | boolean | number | string {
  if (isNull(text)) return null;
  const bool = BOOLS.get(text);
  if (bool !== undefined) return bool;
  return isNumber(text) ? Number(text) : text;
}

/** What somebody typed: quotes make a text of what would be a number or a yes or no, and so does a property whose values are texts. */
export function typed(text: string, kind?: string): boolean | number | string {
  const trimmed = text.trim();
  if (kind === "text") return trimmed;
  const quoted = /^"(.*)"$/s.exec(trimmed);
  if (quoted) return quoted[1] ?? "";
  return bareValue(trimmed) ?? trimmed;
}

/** The way back: a text that would read as something else stands in quotes. */
export function shown(value: Json | undefined, kind?: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
  return kind === "text" || value === "" || typed(value) === value ? value : `"${value}"`;
}
