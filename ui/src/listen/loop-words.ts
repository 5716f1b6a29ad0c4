import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";

export type Between = Schemas["Between"];

const HOURS_A_DAY = 24;
const size = (hours: number, formats: Formats) => (hours < 2 * HOURS_A_DAY ? `${formats.number(hours, hours < 10 ? 1 : 0)} h` : `${formats.number(hours / HOURS_A_DAY, hours < 10 * HOURS_A_DAY ? 1 : 0)} days`);

/** A median of hours; where half are not over yet, that it is more than is known. */
export const hours = (one: Between, formats: Formats): string =>
  one.value !== null ? size(one.value, formats) : one.low !== null ? `over ${size(one.low, formats)}` : "–";

/** Its interval; open at the end where the upper bound was not reached. */
export function hoursInterval(one: Between, formats: Formats): string {
  if (one.value === null || one.low === null) return one.n ? "half are not over yet" : "no cases yet";
  return one.high === null ? `${size(one.low, formats)} or more` : `${size(one.low, formats)} to ${size(one.high, formats)}`;
}

/** A share; of too few people it is not told to a decimal. */
export const shareOf = (one: Between, formats: Formats): string => (one.value === null ? "Not yet" : formats.share(one.value, one.n));
export const shareInterval = (one: Between, formats: Formats): string => (one.value === null ? "nobody so far" : `${formats.interval(one.low, one.high, "rate")} of ${formats.count(one.n)}`);

/** Points of a scale, with their sign. */
export const points = (one: Between, formats: Formats, digits = 1): string =>
  one.value === null ? "–" : `${one.value > 0 ? "+" : ""}${formats.number(one.value, digits)}`;
export const pointsInterval = (one: Between, formats: Formats, digits = 1): string =>
  one.low === null || one.high === null ? (one.n ? "too few for an interval" : "") : `${formats.number(one.low, digits)} to ${formats.number(one.high, digits)}`;

/** Whether a change is more than chance. */
export const isReal = (one: Between, none: number): boolean => one.low !== null && one.high !== null && (one.low > none || one.high < none);
