import type { CaseRow } from "@/api/types";
import { Badge } from "@/components/page";
import { words } from "@/formats/words";

/** How a case stands; `state` is left out where a heading says it. */
export function CaseBadges({ row, state = true }: { row: Pick<CaseRow, "state" | "priority" | "late">; state?: boolean }) {
  return (
    <>
      {row.late && <Badge tone="bad">Late</Badge>}
      {state && <Badge tone={row.state === "in_progress" ? "accent" : row.state === "waiting" ? "warn" : row.state === "closed" ? "good" : undefined}>{words(row.state)}</Badge>}
      {(row.priority === "urgent" || row.priority === "high") && row.state !== "closed" && <Badge tone={row.priority === "urgent" ? "bad" : "warn"}>{words(row.priority)}</Badge>}
    </>
  );
}
