import type { Schemas } from "@/api/types";

export type Decision = Schemas["NewReview"]["decision"];

export const DECISIONS: Record<Decision, string> = { keep: "Keep it", tighten: "Tighten it", retire: "Retire it" };
