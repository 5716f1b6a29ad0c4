import { Badge } from "@/components/page";
import { decisionWord, stateWord, type Lived } from "./message-words";
import { stateTone } from "./state-tone";

/** Where a message stands: its state, or that it was not sent. */
export function MessageBadge({ row }: { row: Lived & { decision: string } }) {
  const state = stateWord(row);
  if (state) return <Badge tone={stateTone(row)}>{state}</Badge>;
  if (row.decision === "send") return <Badge>In it already</Badge>;
  return <Badge tone={row.decision === "defer" ? "warn" : undefined}>{row.decision === "refuse" ? "Not sent" : decisionWord(row.decision)}</Badge>;
}
