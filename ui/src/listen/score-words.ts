import type { Estimate, Schemas } from "@/api/types";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";

const CHANNELS: Record<string, string> = { email: "E-mail", sms: "SMS", web: "Web", link: "Link", qr: "QR code", import: "Import" };
const MEASURES: Record<string, string> = { nps: "NPS", csat: "CSAT", ces: "CES", stars: "Stars" };

/** How people call the way by which an answer came. */
export const channelName = (channel: string | null | undefined): string => (channel ? CHANNELS[channel] ?? words(channel) : "unknown");

/** What a survey's main question measures. */
export const measureName = (measure: string | null | undefined): string => (measure ? MEASURES[measure] ?? words(measure) : "Not scored");

/** A language by its tag, as it is called in the reader's own. */
export function languageName(tag: string | null | undefined, locale: string): string {
  if (!tag) return "Not said";
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The score of a survey in its unit. */
export const scoreWords = (score: Schemas["SurveyScore"], formats: Formats): string =>
  score.unit === "share" ? formats.share(score.score, score.n) : formats.number(score.score, score.unit === "points" ? 0 : 2);

/** Its interval, in the same unit. */
export const scoreInterval = (score: Schemas["SurveyScore"], formats: Formats): string => {
  if (score.unit === "share") return formats.interval(score.low, score.high, "rate");
  const digits = score.unit === "points" ? 0 : 2;
  return `${formats.number(score.low, digits)}${score.low < 0 || score.high < 0 ? " to " : "–"}${formats.number(score.high, digits)}`;
};

/** The interval of a share. */
export const shareInterval = (share: Estimate, formats: Formats): string => formats.interval(share.low, share.high, "rate");
