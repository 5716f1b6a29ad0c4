import type { Formats } from "./formats";

/** In what a prediction's scores are. */
export type Foreseen = "probability" | "money" | "count";

/** How scores are written: one person's, the mean of many, the interval, and short on an axis. */
export function scoresIn(unit: Foreseen, formats: Formats) {
  if (unit === "money") return { one: formats.money, mean: (value: number) => formats.money(value), interval: (low: number, high: number) => formats.interval(low, high, "money"), short: formats.moneyShort };
  if (unit === "count") return { one: (value: number) => formats.number(value, 1), mean: (value: number) => formats.number(value, 2), interval: (low: number, high: number) => `${formats.number(low, 1)}–${formats.number(high, 1)}`, short: (value: number) => formats.number(value, 1) };
  return { one: formats.probability, mean: (value: number, n?: number) => formats.share(value, n), interval: formats.probabilityInterval, short: (value: number) => formats.share(value, 1) };
}
