import { IconArrowsSplit2, IconCircleCheck, IconClock, IconDeviceMobile, IconFlask, IconGift, IconMail, IconMessageQuestion, IconPhoneCall, IconSend, IconSpeakerphone, type Icon } from "@tabler/icons-react";
import type { JourneyBody, Step } from "@/api/types";
import type { Tone } from "@/components/page";

export function signOf(step: Step): { icon: Icon; tone: Tone | undefined } {
  if (step.kind === "send") return { icon: step.content.channel === "sms" ? IconDeviceMobile : step.content.channel === "email" ? IconMail : IconSend, tone: "accent" };
  if (step.kind === "survey") return { icon: IconMessageQuestion, tone: "accent" };
  if (step.kind === "audience") return { icon: IconSpeakerphone, tone: "accent" };
  if (step.kind === "offer") return { icon: IconGift, tone: "accent" };
  if (step.kind === "case") return { icon: IconPhoneCall, tone: "warn" };
  if (step.kind === "end") return { icon: IconCircleCheck, tone: "good" };
  if (step.kind === "branch") return { icon: IconArrowsSplit2, tone: undefined };
  if (step.kind === "experiment") return { icon: IconFlask, tone: "accent" };
  return { icon: IconClock, tone: undefined };
}

const KINDS: Record<string, string> = {
  send: "Message", survey: "Survey", wait: "Wait", branch: "Branch", case: "Task for a person", end: "End", offer: "Offer", audience: "Ads audience", experiment: "Experiment",
  at: "Wait for an instant", best_hour: "Wait for the best hour", bands: "By band", split: "Split by chance", set: "Trait", emit: "Event", webhook: "Webhook", go: "Into another journey",
};

export const kindOf = (step: Step): string => KINDS[step.kind] ?? step.kind;

/** What a way is called on the drawing and in lists. */
export const wayOf = (way: string): string => ({ then: "yes", else: "no", next: "go on", timeout: "the time ran out", over: "too many rounds", answered: "answered", unanswered: "no answer" })[way] ?? way;

/** The number of a step that matters, and what it counts. */
export function countOf(step: Step): { value: number; what: string } {
  const { counts } = step;
  if (step.kind === "send" || step.kind === "survey") return { value: counts.sent, what: counts.refused ? `sent · ${counts.refused} not` : "sent" };
  if (step.kind === "case") return { value: counts.in, what: "cases" };
  return { value: counts.in, what: "came here" };
}

/** What a step asks, with the steps it names by their titles. */
export function saysOf(step: Step, journey: JourneyBody): string {
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  return step.says.replace(/\bmessage (\w+) was\b/g, (said, key: string) => (titles.has(key) ? `message “${titles.get(key)}” was` : said));
}
