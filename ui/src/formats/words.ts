/** Words for the codes of the API. A code without a word is shown readably, never hidden. */

const WORDS: Record<string, string> = {
  email: "E-mail", sms: "SMS", push: "Push", ads: "Ads", phone: "Phone", alert: "Alert",
  marketing: "marketing", service: "service",
  send: "sent", refuse: "not sent", defer: "later",
  ok: "All checks passed", no_consent: "No consent", suppressed: "Suppressed", no_address: "No address",
  frequency_cap: "Cap reached", survey_fatigue: "Asked a short time ago", not_sampled: "Not in the sample", quiet_hours: "Quiet hours", unknown_template: "Unknown template", no_variables: "A value is missing",
  queued: "Queued", sending: "Being sent", sent: "Sent", delivered: "Delivered", bounced: "Bounced", failed: "Failed",
  cancelled: "Cancelled", uncertain: "Uncertain", complained: "Complained", refused: "Not sent", claimed: "Being sent",
  open: "Open", in_progress: "In progress", waiting: "Waiting", closed: "Closed",
  urgent: "Urgent", high: "High", normal: "Normal", low: "Low",
  reached: "Reached", not_reached: "Not reached", solved: "Solved", not_needed: "Not needed", handed_over: "Handed over",
  by_value: "By value at risk", synced: "In step", withheld: "Withheld", related: "Related", duplicate: "Duplicate of", duplicated: "Has the duplicate",
  draft: "Draft", live: "Live", paused: "Paused",
  active: "In it now", done: "Done", left: "Left", goal: "Reached the goal", held_out: "Held out", treated: "In the journey", merged: "Merged",
  user_id: "User id", anonymous_id: "Browser or app", external_id: "External id",
  true: "yes", false: "no",
};

export function words(code: string | null | undefined): string {
  if (!code) return "–";
  const known = WORDS[code];
  if (known) return known;
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
