import type { Schemas } from "@/api/types";
import type { Tone } from "@/components/page";
import type { Formats } from "@/formats/formats";

export type AudienceState = Schemas["AudienceMember"]["state"];
type List = Schemas["AudienceList"];

/** What the platform knows of a person, in words. */
export const STATES: Record<AudienceState, { title: string; says: string; tone?: Tone }> = {
  confirmed: { title: "On the list", says: "the platform has taken them in", tone: "good" },
  accepted: { title: "Accepted", says: "the platform takes them in later" },
  waiting: { title: "Waiting", says: "the platform is told soon", tone: "warn" },
  refused: { title: "Refused", says: "the platform did not take them", tone: "bad" },
  in_doubt: { title: "In doubt", says: "nobody knows whether the platform has them", tone: "warn" },
  not_told: { title: "Not told", says: "it was taken back before the platform was told" },
  left: { title: "Left", says: "they are not in any more" },
};
export const ORDER = Object.keys(STATES) as AudienceState[];

export const MATCHES: Record<Schemas["Audience"]["match"][number], string> = {
  email: "E-mail address", phone: "Phone number", address: "Name, country and postal code", external_id: "Our own id",
};

/** The share of those told whom the platform knows; as exact as it says. */
export function matchOf(list: List, formats: Formats): string {
  const { match_low: low, match_high: high } = list;
  if (low === null || high === null) return "not yet";
  return low === high ? formats.share(low, 1) : formats.interval(low, high, "rate");
}

/** People whom the platform can reach, as exact as it says. */
export function reachOf(list: List, formats: Formats): string {
  const { size_low: low, size_high: high } = list;
  if (high === null) return "not told";
  if (low === null) return `${formats.count(high)} at most`;
  return low === high ? formats.count(low) : formats.interval(low, high, "count");
}
