import { IconFileExport } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Copy } from "@/components/copy";
import { Badge, Page, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { words } from "@/formats/words";

type Row = Schemas["ExportRow"];

/** Segments that leave the house: to whom, how that stands, and who is left out. */
export function ExportsPage() {
  const [address, setAddress] = useAddress();
  const query = useQuery(queries.exports());
  return (
    <Page title="Exports" purpose="Which segments leave the house, where to, and did it work?">
      <Loaded query={query} rows={6}>
        {({ rows }) => {
          const chosen = rows.find((one) => one.key === address.export);
          return (
            <div className="ft-panelgrid" data-open={Boolean(chosen)}>
              <div className="ft-card">
                {rows.length === 0
                  ? <Empty icon={IconFileExport} title="No exports yet" action={<Copy quiet text="foretell schema export" label="Copy the command for its schema" said="The command is copied." />}>An export tells a server who enters and leaves a segment, or writes its members to a file. Write exports/KEY.yaml with the segment and where it goes.</Empty>
                  : <Rows rows={rows} chosen={chosen?.key} onChoose={(key) => setAddress({ export: key })} />}
              </div>
              {chosen && <ExportPanel key={chosen.key} row={chosen} onClose={() => setAddress({ export: undefined })} />}
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Rows({ rows, chosen, onChoose }: { rows: Row[]; chosen?: string; onChoose: (key: string) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "export", title: "Export", cell: (row) => <><button type="button" className="ft-link" onClick={() => onChoose(row.key)}>{row.title}</button><span className="two">{row.error || row.description || row.target}</span></> },
    { name: "segment", title: "Segment", cell: (row) => <Link to="/segments/$key" params={{ key: row.segment }}>{row.segment}</Link> },
    { name: "way", title: "Goes to", cell: (row) => goesTo(row) },
    { name: "told", title: "Went out", number: true, cell: (row) => formats.count(row.told) },
    { name: "waiting", title: "Waiting", number: true, cell: (row) => formats.count(row.waiting) },
    { name: "left", title: "Left out", number: true, cell: (row) => formats.count(leftOut(row)) },
    { name: "done", title: "Last time", cell: (row) => <span className="ft-muted">{row.done_at ? formats.ago(row.done_at) : "not yet"}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <State row={row} /> },
  ];
  const columns = chosen ? all.filter((column) => ["export", "state"].includes(column.name)) : all;
  return <Table label="Exports" columns={columns} rows={rows} rowKey={(row) => row.key} chosen={chosen} />;
}

function ExportPanel({ row, onClose }: { row: Row; onClose: () => void }) {
  const formats = useFormats();
  const reasons = Object.entries(row.left_out);
  const unit = row.way === "file" ? "people" : "entries and exits";
  return (
    <Panel title={row.title} badge={<State row={row} />} onClose={onClose}>
      {row.error && <p className="ft-note" data-tone="bad" role="alert">{row.error} {row.next_at && <>The next try is at {formats.instant(row.next_at)}.</>} Nothing is lost.</p>}
      <Section>
        <Pairs left rows={[
          ["Segment", <Link key="s" to="/segments/$key" params={{ key: row.segment }}>{row.segment}</Link>],
          ["Goes to", <span key="t" className="ft-mono">{row.target}</span>],
          ["How often", row.every ? `every ${spanOf(row.every)}` : "at every entry and exit"],
          ["Tells", ["profile_id", ...row.fields].join(", ")],
          ["Last time", row.done_at ? formats.instant(row.done_at) : "not yet"],
        ]} />
      </Section>
      <Section title="What came of it">
        <Pairs left rows={[
          ["Went out", `${formats.count(row.told)} ${unit}`], ["Waiting", `${formats.count(row.waiting)} ${unit}`], ["Refused", `${formats.count(row.refused)} ${unit}`],
        ]} />
      </Section>
      <Section title="Left out, since they may not go">
        {reasons.length === 0 ? <p className="ft-muted">Nobody.</p> : <Pairs left rows={reasons.map(([reason, count]) => [words(reason), formats.people(count)])} />}
      </Section>
    </Panel>
  );
}

function State({ row }: { row: Row }) {
  if (row.state === "failing") return <Badge tone="bad">Failing</Badge>;
  return row.state === "ok" ? <Badge tone="good">Works</Badge> : <Badge>Not begun</Badge>;
}

const leftOut = (row: Row) => Object.values(row.left_out).reduce((total, count) => total + count, 0);

const goesTo = (row: Row) => (row.way === "file" ? `a file, every ${spanOf(row.every ?? "")}` : "a server, at once");
