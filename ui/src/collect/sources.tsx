import { IconDatabase } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page, Strip } from "@/components/page";
import { Spark } from "@/components/spark";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { Alerts } from "./alerts";
import { formatTitle } from "./codes";
import "./collect.css";
import { scoreNote, scoreText } from "./score";
import { StateBadge } from "./state-badge";

type Health = Schemas["DataHealth"];
interface Row { key: string; source?: Schemas["SourceBody"]; health?: Schemas["SourceHealthRow"] }

export function SourcesPage() {
  const health = useQuery(queries.dataHealth());
  const sources = useQuery(queries.sources());
  return (
    <Page title="Sources" purpose="Is everything arriving, in time and as usual?">
      <Loaded query={sources} rows={8}>
        {(listed) => <Loaded query={health} rows={8} what="Holding every source against its last eight weeks">{(found) => <Content listed={listed} health={found} />}</Loaded>}
      </Loaded>
    </Page>
  );
}

function Content({ listed, health }: { listed: Schemas["Sources"]; health: Health }) {
  const rows = rowsOf(listed, health);
  return (
    <>
      {listed.broken.length > 0 && <p className="ft-note" data-tone="warn" role="alert">These sources take nothing because of errors in their documents: {listed.broken.join(", ")}. Run foretell plan to see what is wrong.</p>}
      {health.sources.length > 0 && <Facts health={health} />}
      <Alerts alerts={health.alerts} title="What is broken" />
      <div className="ft-card">
        {rows.length === 0 ? (
          <Empty icon={IconDatabase} title="No sources yet" action={<Link to="/quarantine">Look at the quarantine</Link>}>
            Write a document into the folder sources, or import a file: foretell import FILE. A source of the format api gets a write key and a snippet to copy.
          </Empty>
        ) : (
          <Rows rows={rows} />
        )}
      </div>
    </>
  );
}

/** What came, with its document where there is one; then documents of which nothing came. */
function rowsOf(listed: Schemas["Sources"], health: Health): Row[] {
  const documents = new Map(listed.sources.map((one) => [one.key, one]));
  const came = new Map(health.sources.map((one) => [one.source, one]));
  return [...new Set([...came.keys(), ...documents.keys()])].map((key) => ({ key, source: documents.get(key), health: came.get(key) }));
}

function Facts({ health }: { health: Health }) {
  const formats = useFormats();
  const { sources } = health;
  const broken = sources.filter((one) => one.state === "broken").length;
  const sum = (read: (one: Schemas["SourceHealthRow"]) => number) => sources.reduce((total, one) => total + read(one), 0);
  return (
    <Strip
      facts={[
        { label: "Data quality", value: health.score.learning ? "learning" : scoreText(health.score.value), note: scoreNote(health.score, formats) },
        { label: "Sources", value: formats.count(sources.length), note: "with events in the last eight weeks" },
        { label: "Broken", value: formats.count(broken), note: broken ? "see below what to do" : "all as usual, or still learning", tone: broken ? "bad" : undefined },
        { label: "Events, last 24 hours", value: formats.count(sum((one) => one.days.at(-1)?.value ?? 0)), note: "of all sources" },
        { label: "Events, last hour", value: formats.count(sum((one) => one.last_hour)), note: "of all sources" },
      ]}
    />
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const formats = useFormats();
  const columns: Column<Row>[] = [
    { name: "source", title: "Source", cell: (row) => <><Link to="/sources/$key" params={{ key: row.key }}>{row.key}</Link><span className="two">{row.health ? row.health.sentence : "Nothing came in the last eight weeks."}</span></> },
    { name: "format", title: "Arrives by", cell: (row) => (row.source ? formatTitle(row.source.format) : <span className="ft-muted">no document</span>) },
    { name: "day", title: "24 hours", number: true, cell: (row) => formats.count(row.health?.days.at(-1)?.value) },
    { name: "trend", title: "28 days", cell: (row) => (row.health ? <Spark points={row.health.days} height={28} /> : "–") },
    { name: "last", title: "Last event", cell: (row) => <span className="ft-muted">{row.health ? formats.ago(row.health.last_at) : "–"}</span> },
    { name: "score", title: "Quality", number: true, cell: (row) => (row.health?.score.learning ? "learning" : scoreText(row.health?.score.value ?? null)) },
    { name: "next", title: "What next", cell: (row) => <NextStep row={row} /> },
    { name: "state", title: "State", key: true, cell: (row) => (row.health ? <StateBadge state={row.health.state} /> : <Badge>Nothing yet</Badge>) },
  ];
  return <Table label="Sources" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

function NextStep({ row }: { row: Row }) {
  if (row.health?.next_step) return <>{row.health.next_step}</>;
  if (row.source?.format === "api" && row.source.keys === 0) return <Link to="/sources/$key" params={{ key: row.key }}>Make a write key</Link>;
  if (!row.health && row.source?.address) return <Link to="/sources/$key" params={{ key: row.key }}>Copy the snippet</Link>;
  return <span className="ft-muted">Nothing to do</span>;
}
