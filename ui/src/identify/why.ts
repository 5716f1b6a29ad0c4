import { words } from "@/formats/words";

/** Why two profiles were made one, in a word or two. */
const REASONS: Record<string, string> = {
  event: "One event named both", alias: "An alias call", matched: "A match by likeness", hand: "By hand", rules: "A change of the rules",
};
export const reasonOf = (reason: string): string => REASONS[reason] ?? words(reason);
export const REASON_NAMES = Object.keys(REASONS);

/** A type of identifier within a sentence. */
export function kindOf(kind: string): string {
  const text = kind === "profile_id" ? "profile" : words(kind);
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `user_id:17` as "user id 17". */
export function identifierOf(named: string): string {
  const colon = named.indexOf(":");
  return colon < 0 ? named : `${kindOf(named.slice(0, colon))} ${named.slice(colon + 1)}`;
}

/** What denied a join: `limit:email`, `merges:phone`, `shared:anonymous_id`, `kept_apart`. */
export function ruleOf(rule: string): string {
  const [name, kind] = rule.split(":");
  if (name === "limit") return `More than the limit of one person: ${kindOf(kind ?? "")}`;
  if (name === "merges") return `Joins nobody by itself: ${kindOf(kind ?? "")}`;
  if (name === "shared") return `Shared by several people: ${kindOf(kind ?? "")}`;
  return name === "kept_apart" ? "Kept apart by hand" : words(rule);
}
