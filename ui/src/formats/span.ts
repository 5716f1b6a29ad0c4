const UNITS: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week", mo: "month", y: "year" };

/** "90d" as "90 days", "13mo" as "13 months"; anything else as it is. */
export function spanOf(text: string): string {
  const found = /^(\d+)(mo|[smhdwy])$/.exec(text);
  const unit = found?.[2] ? UNITS[found[2]] : undefined;
  return found && unit ? `${found[1]} ${unit}${found[1] === "1" ? "" : "s"}` : text;
}
