const UNITS: Record<string, string> = { h: "hour", d: "day", w: "week", m: "month", y: "year" };

/** "90d" as "90 days", "39w" as "39 weeks"; anything else as it is. */
export function spanOf(text: string): string {
  const found = /^(\d+)([hdwmy])$/.exec(text);
  const unit = found?.[2] ? UNITS[found[2]] : undefined;
  return found && unit ? `${found[1]} ${unit}${found[1] === "1" ? "" : "s"}` : text;
}
