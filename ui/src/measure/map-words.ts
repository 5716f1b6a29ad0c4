import { asLine } from "@/condition/yaml";
import type { Json } from "@/condition/written";
import type { Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";

export type Body = Schemas["MapBody"];
export type Stage = Schemas["MapStage"];
export type Touchpoint = Schemas["MapTouchpoint"];
export type Going = Schemas["StageGoing"];
export type Voice = Schemas["MapVoice"];

const HOUR_MS = 3_600_000;

/** A length of time that came in hours: "48 min", "5 h 20 min", "4.6 days". */
export function lengthOf(hours: number, formats: Formats): string {
  if (hours < 48) return formats.span(hours * HOUR_MS);
  return `${formats.number(hours / 24, hours < 240 ? 1 : 0)} days`;
}

/** "39.2 % go on, half of them within 2.1 days". */
export function goingWords(going: Going, formats: Formats): string {
  if (going.reason === "last") return "the last stage";
  if (!going.share) return `Not yet: ${formats.count(judged(going))} of the 10 people that are needed came`;
  const share = `${formats.share(going.share.value, judged(going))} go on`;
  return going.median_hours ? `${share}, half within ${lengthOf(going.median_hours.value, formats)}` : share;
}

/** Over which time a share is told. */
export const withinWords = (going: Going, formats: Formats): string =>
  `within ${lengthOf(going.within_hours, formats)}${going.whole ? "" : ", so far as can be told"}`;

export const judged = (going: Going): number => going.course.entered - going.course.ahead;

/** A change of a share: "+2.1 pts, may be chance". */
export function changeWords(stage: Stage, formats: Formats): string | null {
  const { change } = stage;
  if (!change) return null;
  return `${formats.change(change.value, "rate", true)}, ${isReal(stage) ? "real change" : "may be chance"}`;
}

export const isReal = ({ change }: Stage): boolean => change !== null && (change.low > 0 || change.high < 0);

const UNIT = { share: "rate", points: "count", mean: "ratio", sentiment: "ratio" } as const;

export function voiceValue(voice: Voice, formats: Formats): string {
  if (!voice.value) return "not yet";
  const { value } = voice.value;
  if (voice.unit === "share") return formats.share(value, voice.people);
  return signed(value, voice, formats);
}

/** "20 to 48"; the sign where the scale has one. */
export function voiceInterval(voice: Voice, formats: Formats): string {
  if (!voice.value) return `${formats.count(voice.people)} of the 10 people that are needed`;
  const { low, high } = voice.value;
  if (voice.unit === "share") return formats.interval(low, high, UNIT.share);
  return `${signed(low, voice, formats)} to ${signed(high, voice, formats)}`;
}

function signed(value: number, voice: Voice, formats: Formats): string {
  const text = formats.number(value, voice.unit === "points" ? 0 : 2);
  return value > 0 && (voice.unit === "points" || voice.unit === "sentiment") ? `+${text}` : text;
}

/** The address of a new segment with a condition; it opens as a preview of the people. */
export const segmentOf = (condition: Record<string, unknown>, about: string) => ({ condition: asLine(condition as Json), about });
