import type { Tone } from "@/components/page";
import type { Formats } from "@/formats/formats";
import type { Lift, LiftSide } from "./lift";

/** Better or worse only where the change is real. */
export function toneOf(part: LiftSide): Tone {
  if (part.answer !== "real change" || part.value === null) return "rest";
  return part.value > 0 ? "good" : "bad";
}

/** The main result of a journey in a cell: the share that reached the goal, else revenue a person. */
export function mainOf(lift: Lift): { part: LiftSide; unit: "rate" | "money" } | null {
  if (lift.conversions) return { part: lift.conversions, unit: "rate" };
  return lift.revenue ? { part: lift.revenue, unit: "money" } : null;
}

export function liftWords(lift: Lift, formats: Formats): { value: string; interval: string; tone: Tone } | null {
  const main = mainOf(lift);
  if (!main || main.part.value === null || main.part.low === null || main.part.high === null) return null;
  return { value: formats.change(main.part.value, main.unit, true), interval: formats.changeInterval(main.part.low, main.part.high, main.unit), tone: toneOf(main.part) };
}
