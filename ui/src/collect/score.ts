import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";

type Score = Schemas["ScoreBody"];

/** A score of 0 to 100 in whole numbers; 100 only where nothing at all is amiss. */
export const scoreText = (value: number | null): string => (value === null ? "–" : `${value < 100 ? Math.min(99, Math.round(value)) : 100} of 100`);

/** The part that costs most, so that the number can be traced. */
export function scoreNote(score: Score, formats: Formats): string {
  const known = score.parts.filter((part): part is typeof part & { value: number } => part.value !== null);
  if (known.length === 0) return "nothing to tell it by yet";
  const lost = (part: { value: number; weight: number }) => part.weight * (1 - part.value);
  const worst = known.reduce((most, part) => (lost(part) > lost(most) ? part : most));
  return worst.value === 1 ? "nothing amiss in any part" : `${words(worst.name).toLowerCase()} ${formats.share(worst.value)}`;
}
