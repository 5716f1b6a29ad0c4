import type { JourneyBody, Step } from "@/api/types";
import { wayOf } from "./step-words";

/** What of a journey is drawn. */
export type Drawn = Pick<JourneyBody, "key" | "title" | "entered" | "holdout" | "arms" | "steps">;

export interface Placed { id: string; x: number; y: number; step?: Step; kind: "enter" | "holdout" | "held_out" | "step" }
export interface Joint { id: string; from: string; to: string; label?: string; side?: boolean; passed?: number }

export const STEP_WIDTH = 218;
const COLUMN = 262;
const ROW = 108;

/** Where each step stands: top to bottom by the longest way from the entry, branches side by side. */
export function layout(journey: Pick<Drawn, "holdout" | "steps">): { nodes: Placed[]; joints: Joint[] } {
  const steps = new Map(journey.steps.map((step) => [step.key, step]));
  const ways = (step: Step) => Object.entries(step.ways).filter((way): way is [string, string] => way[1] !== null && steps.has(way[1]));
  const first = journey.steps[0];
  const holds = journey.holdout > 0;
  const top = holds ? 2 : 1;
  const rank = ranks(journey.steps, ways);
  const column = columns(journey.steps, ways, rank);
  const at = (key: string) => ({ x: (column.get(key) ?? 0) * COLUMN, y: ((rank.get(key) ?? 0) + top) * ROW });
  const nodes: Placed[] = [{ id: " enter", kind: "enter", x: 0, y: 0 }];
  const joints: Joint[] = [];
  if (holds) {
    nodes.push({ id: " holdout", kind: "holdout", x: 0, y: ROW }, { id: " held_out", kind: "held_out", x: COLUMN, y: ROW });
    joints.push({ id: "enter-holdout", from: " enter", to: " holdout" }, { id: "holdout-held", from: " holdout", to: " held_out", side: true, label: `${Math.round(journey.holdout * 100)} %` });
  }
  if (first) joints.push({ id: "start", from: holds ? " holdout" : " enter", to: first.key });
  for (const step of journey.steps) {
    nodes.push({ id: step.key, kind: "step", step, ...at(step.key) });
    for (const [name, to] of ways(step)) {
      const label = name === "next" ? undefined : wayOf(name);
      joints.push({ id: `${step.key}-${name}`, from: step.key, to, label, passed: step.passed[name] ?? 0 });
    }
  }
  return { nodes, joints };
}

type Ways = (step: Step) => [string, string][];

function ranks(steps: Step[], ways: Ways): Map<string, number> {
  const rank = new Map(steps.map((step) => [step.key, 0]));
  // Documents have no loops; each pass settles at least one more level.
  for (let pass = 0; pass < steps.length; pass += 1) {
    let moved = false;
    for (const step of steps) {
      for (const [, to] of ways(step)) {
        const wanted = (rank.get(step.key) ?? 0) + 1;
        if (wanted > (rank.get(to) ?? 0) && wanted <= steps.length) {
          rank.set(to, wanted);
          moved = true;
        }
      }
    }
    if (!moved) break;
  }
  return rank;
}

function columns(steps: Step[], ways: Ways, rank: Map<string, number>): Map<string, number> {
  const wanted = new Map<string, number[]>();
  const column = new Map<string, number>();
  for (const step of [...steps].sort((a, b) => (rank.get(a.key) ?? 0) - (rank.get(b.key) ?? 0))) {
    const own = Math.round(mean(wanted.get(step.key) ?? [0]) * 2) / 2;
    column.set(step.key, own);
    const out = ways(step);
    const below = (to: string) => (rank.get(to) ?? 0) === (rank.get(step.key) ?? 0) + 1;
    const near = out.filter(([, to]) => below(to));
    out.forEach(([, to], index) => {
      let place = own;
      if (out.length > 1 && near.length === out.length) place = own + index - (out.length - 1) / 2;
      // A way that skips rows goes straight down; the steps it skips stand aside.
      else if (out.length > 1 && below(to)) place = own + 1;
      wanted.set(to, [...(wanted.get(to) ?? []), place]);
    });
    // What is reached both ways stands under the straight one.
    const skipping = out.length > 1 && near.length < out.length;
    if (skipping) for (const [, to] of out) if (!below(to)) wanted.set(to, [own, own, own, own]);
  }
  return column;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
