import { Badge } from "@/components/page";
import { words } from "@/formats/words";
import { tellsOpens } from "./message-words";

interface Caught { medium: string; state: string | null; opened_at: string | null; clicked_at: string | null }

/** What a person did with a message; where nobody can know, only that it went out. */
export function Seen({ row }: { row: Caught }) {
  if (row.clicked_at) return <Badge tone="good">Clicked</Badge>;
  if (row.opened_at) return <Badge tone="good">Opened</Badge>;
  if (tellsOpens(row.medium)) return <Badge>Not opened</Badge>;
  return <Badge>{row.medium === "ads" ? "Handed over" : words(row.state ?? "sent")}</Badge>;
}
