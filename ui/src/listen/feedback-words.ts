import type { Schemas } from "@/api/types";
import type { Formats, Unit } from "@/formats/formats";

export type Score = Schemas["FeedbackScore"];
export type ScoreUnit = Score["unit"];

const UNITS: Record<ScoreUnit, Unit> = { points: "count", share: "rate", mean: "ratio" };
const tenth = (value: number, unit: ScoreUnit) => (unit === "points" ? Math.round(value * 10) / 10 : value);

/** How scores are written: points of NPS with one digit, shares as percent, means with two digits. */
export function scoresAs(unit: ScoreUnit, formats: Formats) {
  const own = UNITS[unit];
  return {
    one: (value: number | null | undefined) => formats.byUnit(value === null || value === undefined ? value : tenth(value, unit), own),
    interval: (low: number | null | undefined, high: number | null | undefined) =>
      low === null || low === undefined || high === null || high === undefined ? "" : formats.interval(tenth(low, unit), tenth(high, unit), own),
    change: (value: number) => formats.change(tenth(value, unit), own, true),
    changeInterval: (low: number, high: number) => formats.changeInterval(tenth(low, unit), tenth(high, unit), own),
    short: (value: number) => (unit === "share" ? formats.share(value, 1) : formats.number(value, 1)),
  };
}

/** Why there is no score yet, or nothing. */
export const notYet = (score: Pick<Score, "value" | "people">, formats: Formats): string =>
  score.value !== null ? "" : `${formats.people(score.people)} answered; ten are needed`;

export const DIMENSION_WORDS: Record<string, string> = {
  segment: "Segment", persona: "Persona", touchpoint: "Touchpoint", product: "Product", agent: "Agent", channel: "Channel",
  language: "Language", survey: "Survey", theme: "Theme", month: "Month", week: "Week",
};

export const COURSE_WORDS = { on_course: "On course", not_yet: "Not yet", behind: "Behind", reached: "Reached", missed: "Missed" } as const;
export const COURSE_TONE = { on_course: "good", not_yet: undefined, behind: "bad", reached: "good", missed: "bad" } as const;
