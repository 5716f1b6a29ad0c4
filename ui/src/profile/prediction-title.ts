import type { PersonPrediction } from "@/api/types";

/** Its title; with the horizon where the prediction has several. */
export function predictionTitle(one: PersonPrediction, all: readonly PersonPrediction[]): string {
  return all.filter((other) => other.key === one.key).length > 1 ? `${one.title}, ${one.horizon}` : one.title;
}
