import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";

type Difference = Schemas["Difference"];

/** A behaviour's middle as people say it: a share, an amount, a number. */
export function middleOf(one: Pick<Difference, "form" | "money">, value: number | null, formats: Formats): string {
  if (value === null) return "–";
  if (one.form === "share") return formats.share(value);
  return one.money ? formats.money(value) : formats.number(value, Number.isInteger(value) ? 0 : 1);
}

/** "visits: 22, all others 9". */
export const differs = (one: Difference, formats: Formats) => `${one.title} ${middleOf(one, one.median, formats)}, all others ${middleOf(one, one.others, formats)}`;

const HOURS: [from: number, to: number, name: string][] = [[5, 9, "early in the day"], [9, 12, "in the morning"], [12, 17, "in the afternoon"], [17, 22, "in the evening"], [22, 29, "at night"]];
export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** The part of the day with the most an hour, and the strongest weekday. */
export function dayInWords(day: Schemas["TypicalDay"]): string {
  const parts = HOURS.map(([from, to, name]) => {
    const counts = Array.from({ length: to - from }, (_, hour) => day.hours[(from + hour) % 24] ?? 0);
    return { name, rate: counts.reduce((sum, one) => sum + one, 0) / (to - from) };
  });
  const busiest = parts.reduce((best, one) => (one.rate > best.rate ? one : best));
  const weekday = day.weekdays.indexOf(Math.max(...day.weekdays));
  return `Most of their ${day.of} are ${busiest.name}; ${WEEKDAYS[weekday]} is the busiest day.`;
}

export const CAUSES: Record<Schemas["InterviewBody"]["cause"], string> = { loyal: "Most loyal", churned: "Left lately" };
export const STATES: Record<Schemas["InterviewBody"]["state"], string> = { picked: "To ask", invited: "Invited", done: "Done", declined: "Declined" };
export const FINDINGS: Record<string, { title: string; none: string }> = {
  motivation: { title: "Motivations", none: "Nothing is known yet. Interviews and answers fill this." },
  trigger: { title: "Triggers", none: "Nothing is known yet. Ask what happened just before." },
  habit: { title: "Habits in their words", none: "Nothing is known yet. Ask when, where and with whom." },
};
export const NOTE_KINDS = [
  { value: "note", label: "Note" }, { value: "motivation", label: "Motivation" }, { value: "trigger", label: "Trigger" }, { value: "habit", label: "Habit" },
  { value: "pain", label: "Pain" }, { value: "quote", label: "Quote" },
] as const;
