import { Select } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import type { Address } from "@/components/address";
import { Badge } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { RequestPanel } from "./request-panel";
import { kindOfRequest } from "./words";

type Row = Schemas["RequestRow"];
const STATES = [{ value: "open", label: "Open" }, { value: "done", label: "Done" }, { value: "refused", label: "Refused" }, { value: "all", label: "All" }];

/** Requests, the one due first at the top. */
export function Requests({ address, onChange }: { address: Record<string, string | undefined>; onChange: (change: Address) => void }) {
  const formats = useFormats();
  const state = address.state ?? "open";
  const query = useQuery(queries.requests({ state: state === "all" ? undefined : state }));
  return (
    <>
      <div className="ft-filters">
        <Select className="ft-field" aria-label="State" allowDeselect={false} w={140} data={STATES} value={state} onChange={(value) => onChange({ state: value === "open" ? undefined : (value ?? undefined), request: undefined })} />
        <span className="grow" />
        {query.data && <span className="ft-muted" aria-live="polite">{formats.plural(query.data.rows.length, "request", "requests")}</span>}
      </div>
      <Loaded query={query} rows={8}>
        {({ rows }) => (
          <div className="ft-panelgrid" data-open={Boolean(address.request)}>
            <div className="ft-card">
              {rows.length === 0
                ? <Empty icon={IconInbox} title={state === "open" ? "Nobody waits for an answer" : "No request is like this"}>When somebody asks for their data, for erasure or to be left alone, note it here: it gets a due date and a history.</Empty>
                : <Rows rows={rows} chosen={address.request} onChoose={(request) => onChange({ request })} />}
            </div>
            {address.request && <RequestPanel key={address.request} id={address.request} onClose={() => onChange({ request: undefined })} />}
          </div>
        )}
      </Loaded>
    </>
  );
}

function Rows({ rows, chosen, onChoose }: { rows: Row[]; chosen?: string; onChoose: (id: string) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "what", title: "Request", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(row.request)}>{kindOfRequest(row.kind)}</button><span className="two" style={{ overflowWrap: "anywhere" }}><bdi>{row.person || "somebody who is erased"}</bdi></span></> },
    { name: "received", title: "Received", cell: (row) => <span className="ft-muted">{formats.instant(row.received_at)}</span> },
    { name: "due", title: "Due", cell: (row) => <span className="ft-muted">{formats.day(row.due_at)}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <RequestState row={row} /> },
  ];
  const columns = chosen ? all.filter((column) => ["what", "state"].includes(column.name)) : all;
  return <Table label="Requests" columns={columns} rows={rows} rowKey={(row) => row.request} chosen={chosen} />;
}

export function RequestState({ row }: { row: Row }) {
  const formats = useFormats();
  if (row.state !== "open" || row.days_left === null) return row.state === "done" ? <Badge tone="good">Done</Badge> : <Badge>Refused</Badge>;
  if (row.days_left < 0) return <Badge tone="bad">{formats.plural(-row.days_left, "day", "days")} late</Badge>;
  if (row.days_left === 0) return <Badge tone="warn">Under 1 day left</Badge>;
  return <Badge tone={row.days_left <= 7 ? "warn" : "accent"}>{formats.plural(row.days_left, "day", "days")} left</Badge>;
}
