import type { Formats, Unit } from "@/formats/formats";

interface Estimated { value: number | null; low: number | null; high: number | null; exact: boolean }

/** The interval of an estimate; what was counted is exact, and what has no interval says so. */
export const intervalWords = (one: Estimated, unit: Unit, formats: Formats): string =>
  one.value === null ? "–" : formats.interval(one.low, one.high, unit) || (one.exact ? "exact" : "no interval");
