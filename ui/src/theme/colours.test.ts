import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DARK_TOKENS, LIGHT_TOKENS, type Token } from "./palette";

const luminance = (hex: string) => {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
};
const contrast = (one: string, other: string) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
};

const TEXT: Token[] = ["text", "muted", "faint", "accent", "good", "bad", "warn"];
const GROUNDS: Token[] = ["canvas", "surface", "sunken"];

describe.each([["light", LIGHT_TOKENS], ["dark", DARK_TOKENS]] as const)("%s", (_, tokens) => {
  it.each(TEXT.flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)))("%s reads on %s", (text, ground) => {
    expect(contrast(tokens[text], tokens[ground])).toBeGreaterThanOrEqual(4.5);
  });
  it.each([["good", "goodbg"], ["bad", "badbg"], ["warn", "warnbg"], ["accent", "tint"], ["on-accent", "accent"]] as const)("%s reads on %s", (text, ground) => {
    expect(contrast(tokens[text], tokens[ground])).toBeGreaterThanOrEqual(4.5);
  });
  it("has edges of fields that can be seen", () => {
    expect(contrast(tokens.field, tokens.surface)).toBeGreaterThanOrEqual(3);
  });
});

it("names no colour outside the palette", () => {
  const source = join(import.meta.dirname, "..");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.(tsx?|css)$/.test(name) && !name.endsWith("palette.ts") && !name.endsWith("schema.d.ts"));
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((name) => /#[0-9a-fA-F]{3,8}\b/.test(readFileSync(join(source, name), "utf8").replaceAll("&#", "")))).toEqual([]);
});
