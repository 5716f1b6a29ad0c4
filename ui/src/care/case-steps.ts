import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";

type Step = Schemas["CaseBody"]["history"][number];

export const WHATS: Record<string, string> = { due_at: "Due time" };
const CODED = new Set(["opened", "state", "priority", "closed"]);

/** What a change was. Codes are translated; names and what somebody wrote stay as they are. */
export function toldOf(one: Step, formats: Formats): string {
  if (one.what === "note") return one.after ?? "";
  const say = (value: string | null, none: string) => (value === null ? none : one.what === "due_at" ? formats.due(value) : CODED.has(one.what) ? words(value) : value);
  if (one.what === "opened") return `priority ${say(one.after, "").toLowerCase()}`;
  if (one.what === "closed") return say(one.after, "");
  const none = one.what === "owner" ? "nobody" : "none";
  return `${say(one.before, none)} → ${say(one.after, none)}`;
}
