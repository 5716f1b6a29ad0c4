import { Badge, type Tone } from "@/components/page";
import type { Schemas } from "@/api/types";

type State = Schemas["MonitorBody"]["state"];
const STATES: Record<State, readonly [string, Tone | undefined]> = { ok: ["Well", "good"], warn: ["Look at it", "warn"], broken: ["Broken", "bad"], learning: ["Learning", undefined], silent: ["Silent", undefined] };

/** How a source or a monitor is. */
export function StateBadge({ state }: { state: State }) {
  const [title, tone] = STATES[state];
  return <Badge tone={tone}>{title}</Badge>;
}
