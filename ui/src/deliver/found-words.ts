import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";

const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z/g;
const CAP = /^(\d+) per (\d+)s(?: of (\w+))?$/;
const CONSENT = /^(\w+)\.(\w+): (\w+)$/;

/** What a check found, as people read it: instants in their zone, spans in days, consent as a sentence. */
export function foundWords(found: string, formats: Formats): string {
  const cap = CAP.exec(found);
  if (cap) return `at most ${formats.count(Number(cap[1]))} in ${formats.span(Number(cap[2]) * 1000)}${cap[3] ? ` by ${words(cap[3])}` : ""}`;
  const consent = CONSENT.exec(found);
  if (consent) return `${words(consent[1])}, ${words(consent[2])}: ${consent[3] === "none" ? "never asked" : consent[3]}`;
  return found.replaceAll("_", " ").replace(INSTANT, (instant) => formats.due(instant));
}
