/** Periods that end with the present. */
export const PERIODS = [["1", "Last 24 hours"], ["7", "Last 7 days"], ["28", "Last 28 days"]] as const;
const DAY_MS = 86_400_000;

/** The start of a period of whole days before the present, to the minute, so that an answer can be kept. */
export const sinceOf = (days: string | undefined, now: string): string | undefined =>
  days && Number(days) > 0 ? new Date(Math.floor((Date.parse(now) - Number(days) * DAY_MS) / 60_000) * 60_000).toISOString() : undefined;

export const periodOf = (days: string): string => PERIODS.find(([one]) => one === days)?.[1] ?? `Last ${days} days`;
