import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";

type Step = Schemas["CaseBody"]["history"][number];

export const WHATS: Record<string, string> = {
  due_at: "Due time", again: "Asked for once more", reply: "They wrote", score: "Another score", contact: "Spoke with them", snoozed: "Rests until", woken: "Awake again", breached: "Past its due time",
  step_done: "Done", step_undone: "Not done after all", linked: "Linked", unlinked: "No longer linked", overruled: "Help desk, outdone by a newer change", ticket: "Ticket",
};
const CODED = new Set(["opened", "state", "priority", "closed", "reopened", "woken"]);
const INSTANTS = new Set(["due_at", "snoozed", "breached"]);
/** Only what it became is told. */
const PLAIN = new Set(["note", "reply", "again", "step_done", "step_undone", "linked", "unlinked", "overruled", "ticket"]);

/** What a change was. Codes are translated; names and what somebody wrote stay as they are. */
export function toldOf(one: Step, formats: Formats): string {
  if (PLAIN.has(one.what)) return one.after ?? "";
  if (one.what === "contact") return "";
  if (one.what === "snoozed" || one.what === "breached") return formats.due(one.after);
  const say = (value: string | null, none: string) => (value === null ? none : INSTANTS.has(one.what) ? formats.due(value) : CODED.has(one.what) ? words(value) : value);
  if (one.what === "opened") return `priority ${say(one.after, "").toLowerCase()}`;
  if (one.what === "closed") return say(one.after, "");
  const none = one.what === "owner" ? "nobody" : "none";
  return `${say(one.before, none)} → ${say(one.after, none)}`;
}
