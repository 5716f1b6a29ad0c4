import type { State } from "./use-change";

export const STATES: readonly State[] = ["open", "in_progress", "waiting", "closed"];

/** The state one column further; null at the edge of the board. */
export function nextState(state: State, by: 1 | -1): State | null {
  return STATES[STATES.indexOf(state) + by] ?? null;
}
