import { words } from "@/formats/words";

interface Named { template: string | null; step: string | null; medium: string | null; decision: string }

/** What a message is called: by its template, else its step. */
export const messageName = (row: Named): string => (row.decision === "held_out" ? "Held out" : words(row.template ?? row.step ?? row.medium));

const DECISIONS: Record<string, string> = { send: "Send", refuse: "Do not send", defer: "Put off", held_out: "Held out" };

/** A decision as a word of its own. */
export const decisionWord = (decision: string): string => DECISIONS[decision] ?? words(decision);

export interface Lived { state: string | null; error: string | null; opened_at: string | null; clicked_at: string | null }

const STATES: Record<string, string> = { uncertain: "In doubt", sandboxed: "In the sandbox", claimed: "Being sent", failed: "Given up", cancelled: "Taken back" };

/** How far a message that went out has come; null where it was never queued. */
export function stateWord(row: Lived): string | null {
  if (row.clicked_at) return "Clicked";
  if (row.opened_at) return "Opened";
  return row.state && (STATES[row.state] ?? words(row.state));
}

const OPENS = new Set(["email", "push"]);

/** Whether anybody could tell that a message of this medium was opened. */
export const tellsOpens = (medium: string | null): boolean => OPENS.has(medium ?? "");
