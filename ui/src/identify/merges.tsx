import { Select } from "@mantine/core";
import { IconGitMerge } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, type Address } from "@/components/address";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { Evidence } from "./evidence";
import { SplitButton } from "./split";
import { REASON_NAMES, reasonOf } from "./why";

type Row = Schemas["MergeRow"];
interface Props { address: Record<string, string | undefined>; onChange: (change: Address) => void }
const STATES = [{ value: "yes", label: "In force" }, { value: "no", label: "Taken back" }, { value: "all", label: "All" }];

/** The ledger: which profiles were made one, on what evidence, and the way back. */
export function Merges({ address, onChange }: Props) {
  const formats = useFormats();
  const { reason, merge } = address;
  const state = address.force ?? "all";
  const query = useQuery(queries.merges({ reason, in_force: state === "all" ? undefined : state === "yes", page: pageOf(address) }));
  const set = (change: Address) => onChange({ ...change, page: undefined, merge: undefined });
  return (
    <>
      <div className="ft-filters">
        <Select className="ft-field" aria-label="Reason" placeholder="Any reason" clearable w={210} data={REASON_NAMES.map((one) => ({ value: one, label: reasonOf(one) }))} value={reason ?? null} onChange={(value) => set({ reason: value ?? undefined })} />
        <Select className="ft-field" aria-label="State" allowDeselect={false} w={140} data={STATES} value={state} onChange={(value) => set({ force: value === "all" ? undefined : (value ?? undefined) })} />
        <span className="grow" />
        {query.data && <span className="ft-muted" aria-live="polite">{formats.plural(query.data.total, "merge", "merges")}</span>}
      </div>
      <Loaded query={query} rows={10}>
        {(body) => {
          const chosen = body.rows.find((one) => String(one.merge_id) === merge);
          return (
            <div className="ft-panelgrid" data-open={Boolean(chosen)}>
              <div className="ft-card">
                {body.rows.length === 0 ? (
                  <Empty icon={IconGitMerge} title={reason || state !== "all" ? "No merge is like this" : "Nobody was merged yet"} action={reason || state !== "all" ? <button type="button" className="ft-link" onClick={() => set({ reason: undefined, force: undefined })}>Clear filters</button> : undefined}>
                    When two profiles turn out to be one person, it is written here with the evidence, and can be taken back.
                  </Empty>
                ) : (
                  <>
                    <Rows rows={body.rows} chosen={chosen?.merge_id} onChoose={(id) => onChange({ merge: id })} />
                    <Pager page={pageOf(address)} total={body.total} what="merges" onPage={(next) => onChange({ page: next === 1 ? undefined : next, merge: undefined })} />
                  </>
                )}
              </div>
              {chosen && <MergePanel key={chosen.merge_id} row={chosen} onClose={() => onChange({ merge: undefined })} />}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

function Rows({ rows, chosen, onChoose }: { rows: Row[]; chosen?: number; onChoose: (id: number) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "why", title: "Why", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(row.merge_id)}>{reasonOf(row.reason)}</button><span className="two"><Evidence merge={row} /></span></> },
    { name: "person", title: "Person", cell: (row) => <PersonLink id={row.winner} /> },
    { name: "at", title: "When", cell: (row) => <span className="ft-muted">{formats.instant(row.at)}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <State row={row} /> },
  ];
  const columns = chosen ? all.filter((column) => ["why", "state"].includes(column.name)) : all;
  return <Table label="Merges" columns={columns} rows={rows} rowKey={(row) => String(row.merge_id)} chosen={chosen === undefined ? undefined : String(chosen)} />;
}

export function State({ row }: { row: Row }) {
  return row.in_force ? <Badge tone="good">In force</Badge> : <Badge>Taken back</Badge>;
}

function MergePanel({ row, onClose }: { row: Row; onClose: () => void }) {
  const formats = useFormats();
  return (
    <Panel title={reasonOf(row.reason)} badge={<State row={row} />} onClose={onClose}>
      <Section title="Evidence"><p><Evidence merge={row} /></p>{row.note && <p className="ft-muted" style={{ marginTop: 6 }}>{row.note}</p>}</Section>
      <Section>
        <Pairs
          left rows={[
            ["Person", <PersonLink key="p" id={row.winner} />], ["Was also", <span key="l" className="ft-mono">{row.loser}</span>], ["When", formats.instant(row.at)],
            ...(row.message_id ? [["Event", <span key="m" className="ft-mono">{row.message_id}</span>] as [string, React.ReactNode]] : []),
            ...(row.undone_at ? [["Taken back", formats.instant(row.undone_at)] as [string, React.ReactNode]] : []),
          ]}
        />
      </Section>
      {row.in_force && <Section title="Wrong?"><p className="ft-muted" style={{ marginBottom: 10 }}>Both become what they would have been without the merge, except for messages that have left.</p><SplitButton quiet id={row.loser} mergeId={row.merge_id} /></Section>}
    </Panel>
  );
}
