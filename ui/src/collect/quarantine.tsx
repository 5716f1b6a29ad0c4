import { Select } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress, type Address } from "@/components/address";
import { Badge, Card, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { reasonTitle, sourceTitle } from "./codes";
import "./collect.css";
import { Replay, ReplayResult } from "./replay";
import { RowPanel } from "./row-panel";

type Body = Schemas["Quarantine"];
type Row = Schemas["QuarantinedRow"];
const STATES = [{ value: "waiting", label: "Waiting" }, { value: "replayed", label: "Replayed" }, { value: "all", label: "All" }];

export function QuarantinePage() {
  const [address, setAddress] = useAddress();
  const [result, setResult] = useState<Schemas["Replayed"] | null>(null);
  const page = pageOf(address);
  const { source, code, state, row } = address;
  const query = useQuery(queries.quarantine({ source, code, state, page }));
  const waits = (state ?? "waiting") === "waiting";
  return (
    <Page
      title="Quarantine" purpose="What could not be taken in, why, and what to do about it."
      actions={waits && query.data && query.data.total > 0 && <Replay chosen={{ source, code }} rows={query.data.total} label={source || code ? `Replay these ${query.data.total === 1 ? "1 row" : "rows"}` : "Replay all"} onDone={(done) => { setResult(done); setAddress({ page: undefined, row: undefined }); }} />}
    >
      {result && <ReplayResult result={result} onClose={() => setResult(null)} />}
      <Loaded query={query} rows={12}>{(body) => <Content body={body} page={page} address={address} onChange={setAddress} chosen={body.rows.find((one) => one.id === row)} onReplayed={setResult} />}</Loaded>
    </Page>
  );
}

interface ContentProps { body: Body; page: number; address: Record<string, string | undefined>; chosen?: Row; onChange: (change: Address) => void; onReplayed: (result: Schemas["Replayed"]) => void }

function Content({ body, page, address, chosen, onChange, onReplayed }: ContentProps) {
  const { source, code, state } = address;
  const filtered = Boolean(source || code || state);
  const clear = () => onChange({ source: undefined, code: undefined, state: undefined, page: undefined, row: undefined });
  const set = (change: Address) => onChange({ ...change, page: undefined, row: undefined });
  const nothing = Object.keys(body.states).length === 0 && !filtered;
  if (nothing) return <div className="ft-card"><Empty icon={IconShieldCheck} title="Nothing in quarantine" action={<Link to="/tracking">Look at the tracking plan</Link>}>Rows that cannot be taken in come here with the reason, and wait until the mapping or the plan is mended.</Empty></div>;
  return (
    <>
      <Filters body={body} address={address} onChange={set} />
      {Object.keys(body.codes).length > 0 && <Reasons codes={body.codes} chosen={code} onChoose={(next) => set({ code: next })} />}
      <div className="ft-panelgrid" data-open={Boolean(chosen)}>
        <div className="ft-card">
          {body.rows.length === 0 ? (
            <Empty icon={IconShieldCheck} title={filtered ? "No row is like this" : "Nothing waits"} action={filtered ? <button type="button" className="ft-link" onClick={clear}>Clear filters</button> : undefined}>
              {filtered ? "No row of the quarantine has all of what is chosen above." : "All that was put aside has been taken in since."}
            </Empty>
          ) : (
            <>
              <Rows rows={body.rows} chosen={chosen?.id} onChoose={(id) => onChange({ row: id })} />
              <Pager page={page} total={body.total} what="rows" onPage={(next) => onChange({ page: next === 1 ? undefined : next, row: undefined })} />
            </>
          )}
        </div>
        {chosen && <RowPanel key={chosen.id} row={chosen} onClose={() => onChange({ row: undefined })} onReplayed={onReplayed} />}
      </div>
    </>
  );
}

function Filters({ body, address, onChange }: { body: Body; address: Record<string, string | undefined>; onChange: (change: Address) => void }) {
  const formats = useFormats();
  const sources = [...new Set([...Object.keys(body.sources), ...(address.source ? [address.source] : [])])].filter(Boolean);
  return (
    <div className="ft-filters">
      <Select className="ft-field" aria-label="Source" placeholder="Any source" clearable w={180} data={sources.map((one) => ({ value: one, label: `${one} (${formats.count(body.sources[one] ?? 0)})` }))} value={address.source ?? null} onChange={(value) => onChange({ source: value ?? undefined })} />
      <Select className="ft-field" aria-label="State" allowDeselect={false} w={140} data={STATES} value={address.state ?? "waiting"} onChange={(value) => onChange({ state: value === "waiting" ? undefined : (value ?? undefined) })} />
      <span className="grow" />
      <span className="ft-muted" aria-live="polite">{formats.plural(body.total, "row", "rows")}</span>
    </div>
  );
}

function Reasons({ codes, chosen, onChoose }: { codes: Record<string, number>; chosen?: string; onChoose: (code: string | undefined) => void }) {
  const formats = useFormats();
  const most = Math.max(...Object.values(codes));
  return (
    <Card title="Why?" side="Choose a reason to see its rows" line>
      {Object.entries(codes).map(([code, count]) => (
        <button key={code} type="button" className="ft-reason" aria-pressed={chosen === code} onClick={() => onChoose(chosen === code ? undefined : code)}>
          <b>{reasonTitle(code)}</b>
          <span className="ft-track"><i style={{ width: `${(count / most) * 100}%` }} /></span>
          <span>{formats.plural(count, "row", "rows")}</span>
        </button>
      ))}
    </Card>
  );
}

function Rows({ rows, chosen, onChoose }: { rows: Row[]; chosen?: string; onChoose: (id: string) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "reason", title: "Reason", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(row.id)}>{reasonTitle(row.code)}</button><span className="two">{row.message}</span></> },
    { name: "source", title: "Source", cell: (row) => sourceTitle(row.source) },
    { name: "place", title: "File and line", cell: (row) => <span className="ft-muted">{row.file ? `${row.file}${row.line ? `, line ${formats.count(row.line)}` : ""}` : "over the wire"}</span> },
    { name: "at", title: "Arrived", cell: (row) => <span className="ft-muted">{formats.instant(row.received_at)}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <RowBadge row={row} /> },
  ];
  const columns = chosen ? all.filter((column) => ["reason", "state"].includes(column.name)) : all;
  return <Table label="Quarantined rows" columns={columns} rows={rows} rowKey={(row) => row.id} chosen={chosen} />;
}

function RowBadge({ row }: { row: Row }) {
  if (row.state === "replayed") return <Badge tone="good">Taken in since</Badge>;
  return row.severity === "warning" ? <Badge tone="warn">Taken in, odd</Badge> : <Badge tone="bad">Put aside</Badge>;
}
