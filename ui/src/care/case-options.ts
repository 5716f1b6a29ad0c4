import { words } from "@/formats/words";

export const OUTCOMES = ["solved", "reached", "not_reached", "not_needed", "handed_over"] as const;
export const PRIORITIES = ["urgent", "high", "normal", "low", "by_value"] as const;
export const options = (codes: readonly string[]) => codes.map((code) => ({ value: code, label: words(code) }));

const HOUR_MS = 3_600_000;
export const SPANS = [
  { value: "1", label: "1 hour" }, { value: "4", label: "4 hours" }, { value: "24", label: "1 day" },
  { value: "72", label: "3 days" }, { value: "168", label: "1 week" }, { value: "720", label: "30 days" },
] as const;

/** The instant so many hours after `now`. */
export const hoursFrom = (now: string, hours: string) => new Date(Date.parse(now) + Number(hours) * HOUR_MS).toISOString();
