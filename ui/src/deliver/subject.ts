import { words } from "@/formats/words";

const LONGEST = 70;
const URL_IN_TEXT = /https?:\/\/([^\s/]+)\S*/g;

/** What a message is called in a list: its subject, else the begin of its text, cut between words and never inside an address. */
export function subjectOf(row: { subject: string; text: string; template: string | null; medium: string }): string {
  if (row.medium === "ads") return row.subject.charAt(0).toUpperCase() + row.subject.slice(1);
  if (row.subject) return row.subject;
  const text = row.text.replace(URL_IN_TEXT, (_, host: string) => `${host}/…`).replace(/\s+/g, " ").trim();
  if (!text) return words(row.template ?? row.medium);
  if (text.length <= LONGEST) return text;
  const cut = text.slice(0, LONGEST + 1);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(" "), 20)).replace(/[\s:,;–-]+$/, "")} …`;
}
