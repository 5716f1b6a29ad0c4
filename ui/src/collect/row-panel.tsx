import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/types";
import { Copy } from "@/components/copy";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { reasonTitle, sourceTitle } from "./codes";
import { Replay } from "./replay";

interface Props { row: Schemas["QuarantinedRow"]; onClose: () => void; onReplayed: (result: Schemas["Replayed"]) => void }

/** One row: where it came from, what is wrong, and the row as it came. */
export function RowPanel({ row, onClose, onReplayed }: Props) {
  const formats = useFormats();
  const facts: [string, ReactNode][] = [
    ["Source", sourceTitle(row.source)],
    ["Came", row.file ? `${row.file}${row.line ? `, line ${formats.count(row.line)}` : ""}` : "over the wire"],
    ["Arrived", formats.instant(row.received_at)],
    ["Code", <span key="code" className="ft-mono">{row.code}</span>],
  ];
  if (row.replayed_at) facts.push(["Taken in", formats.instant(row.replayed_at)]);
  const waits = row.state === "waiting" && row.severity === "error";
  return (
    <Panel title={reasonTitle(row.code)} onClose={onClose}>
      <Section><p className="ft-verdict" style={{ marginBottom: 10 }}>{row.message}</p><Pairs left rows={facts} /></Section>
      {row.body !== null && (
        <Section title={row.severity === "warning" ? "Id of the event" : "The row as it came"}>
          <pre className="ft-raw">{readable(row.body)}</pre>
          <Copy quiet text={row.body} label="Copy the row" said="The row is copied." />
        </Section>
      )}
      {waits && (
        <Section title="What next">
          <p className="ft-muted">{row.code === "PLAN_VIOLATION" ? "Mend what is sent, or the tracking plan, then replay the row." : "Mend the mapping of the source, then replay the row."} Its event goes in once, however often it is replayed.</p>
          {row.code === "PLAN_VIOLATION" && <p><Link to="/tracking">Open the tracking plan</Link></p>}
          <div style={{ height: 10 }} />
          <Replay quiet chosen={{ ids: [row.id] }} rows={1} label="Replay this row" onDone={onReplayed} />
        </Section>
      )}
    </Panel>
  );
}

/** JSON on several lines; anything else as it is. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
