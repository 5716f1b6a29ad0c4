import type { JourneyBody } from "@/api/types";

export interface LiftPart { difference: number; low: number; high: number }
export interface Lift { verdict: string; level: number; conversions?: LiftPart | null; revenue?: LiftPart | null }

/** The measured lift of a journey, where the server has estimated it. */
export function liftOf(journey: JourneyBody): Lift | null {
  return (journey as JourneyBody & { lift?: Lift | null }).lift ?? null;
}
