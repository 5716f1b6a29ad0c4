import type { Tone } from "@/components/page";

export function stateTone(row: { state: string | null; opened_at?: string | null; clicked_at?: string | null }): Tone | undefined {
  if (row.clicked_at || row.opened_at || row.state === "delivered") return "good";
  if (row.state === "sent") return "accent";
  if (row.state === "uncertain" || row.state === "queued" || row.state === "sending") return "warn";
  return ["bounced", "failed", "complained", "refused"].includes(row.state ?? "") ? "bad" : undefined;
}
