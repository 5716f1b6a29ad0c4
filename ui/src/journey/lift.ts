import type { Schemas } from "@/api/types";

export type Lift = Schemas["JourneyLift"];
export type LiftSide = Schemas["LiftSide"];
export type LiftArm = Pick<Schemas["LiftArm"], "people" | "goals" | "share">;
