import type { Schemas } from "@/api/types";

export const MEDIA: Record<Schemas["ChannelRow"]["medium"], string> = { email: "e-mail", sms: "text messages", push: "push messages", ads: "advertising audiences", alert: "service alerts" };

type State = Schemas["ChannelRow"]["state"];

export const STATES: Record<State, { word: string; tone?: "good" | "bad" | "warn" }> = {
  ready: { word: "Ready", tone: "good" },
  failing: { word: "Failing", tone: "bad" },
  incomplete: { word: "Not complete", tone: "warn" },
  development: { word: "Inbox only" },
};

/** How people call a channel; one without a document goes by what it carries. */
export const nameOf = (row: Schemas["ChannelRow"]): string => {
  const word = row.documented ? row.title : MEDIA[row.medium];
  return word.charAt(0).toUpperCase() + word.slice(1);
};
