export interface LiftSide { treated: number | null; held_out: number | null; value: number | null; low: number | null; high: number | null; answer: string }
export interface LiftArm { people: number; goals: number; share: number | null }
export interface Lift { answer: string; verdict: string; level: number; notes?: string[]; treated: LiftArm; held_out: LiftArm; conversions?: LiftSide | null; revenue?: LiftSide | null }

/** The measured lift of a journey, where the server has estimated it. */
export const liftOf = (journey: object): Lift | null => (journey as { lift?: Lift | null }).lift ?? null;
