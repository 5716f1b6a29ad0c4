import { IconDatabaseOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { BarRow } from "@/components/bars";
import { Card, Page, Strip } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { Alerts } from "./alerts";
import { formatTitle, monitorTitle, partTitle } from "./codes";
import "./collect.css";
import { Keys } from "./keys";
import { RateChart } from "./rate-chart";
import { scoreText } from "./score";
import { Snippets } from "./snippets";
import { StateBadge } from "./state-badge";

type Body = Schemas["SourceHealthBody"];
type Monitor = Schemas["MonitorBody"];

export function SourcePage() {
  const key = useParams({ strict: false }).key ?? "";
  const listed = useQuery(queries.sources()).data?.sources;
  const document = listed?.find((one) => one.key === key);
  const came = useQuery(queries.dataHealth()).data?.sources;
  const nothing = Boolean(document && came && !came.some((one) => one.source === key));
  const health = useQuery({ ...queries.sourceHealth(key), enabled: listed !== undefined && came !== undefined && !nothing });
  return (
    <Page
      title={key} crumb={<Link to="/sources">Sources</Link>} badges={health.data && <StateBadge state={health.data.state} />}
      purpose={document ? `${formatTitle(document.format)} · ${document.file}${document.consent === "required" ? " · only of people who agreed" : ""}` : "What came under this name; there is no document of it."}
    >
      {nothing ? (
        <div className="ft-card">
          <Empty icon={IconDatabaseOff} title="Nothing came yet" action={<Link to="/quarantine" search={{ source: key } as never}>Look at the quarantine</Link>}>
            No event of this source was ever taken in. {document?.address ? "Copy a snippet below and send the first one." : "Import a file of it."}
          </Empty>
        </div>
      ) : (
        <Loaded query={health} rows={12} what="Holding the source against its last eight weeks">{(body) => <Content body={body} />}</Loaded>
      )}
      {document?.format === "api" && <Keys source={document} />}
      {document?.address && <Snippets source={document} />}
    </Page>
  );
}

function Content({ body }: { body: Body }) {
  const formats = useFormats();
  const today = body.days.at(-1);
  const share = (name: string) => body.watched.find((one) => one.name === name)?.value ?? null;
  const search = { source: body.source } as never;
  return (
    <>
      <p className={`ft-verdict ${body.state === "broken" ? "ft-bad" : ""}`}>{body.sentence} {body.next_step}</p>
      <Strip
        facts={[
          { label: "Last event", value: formats.ago(body.last_at), note: formats.instant(body.last_at) },
          { label: "24 hours", value: formats.count(today?.value), note: today && today.low !== null && today.high !== null ? `${formats.count(today.low)} to ${formats.count(today.high)} are usual` : "what is usual is not known yet" },
          { label: "Last hour", value: formats.count(body.last_hour), note: "events" },
          { label: "In quarantine", value: <Link to="/quarantine" search={search}>{formats.share(share("quarantined"), today?.value)}</Link>, note: "of the last 24 hours" },
          { label: "Breaches of the plan", value: share("violations") === null ? "–" : <Link to="/tracking" search={{ ...(search as object), tab: "violations" } as never}>{formats.share(share("violations"), today?.value)}</Link>, note: share("violations") === null ? "no plan to hold it against" : "of the last 24 hours" },
          { label: "Data quality", value: body.score.learning ? "learning" : scoreText(body.score.value), note: "of the last 24 hours" },
        ]}
      />
      <Alerts alerts={body.alerts.filter((one) => one.closed_at === null)} title="What is broken" of={body.source} />
      <div className="ft-grid">
        <div className="ft-c8"><RateChart days={body.days} /></div>
        <div className="ft-c4"><Parts score={body.score} /></div>
      </div>
      <Monitors rows={body.watched} />
      <Alerts alerts={body.alerts.filter((one) => one.closed_at !== null)} title="What was broken before" of={body.source} />
    </>
  );
}

function Parts({ score }: { score: Schemas["ScoreBody"] }) {
  const formats = useFormats();
  return (
    <Card title="What makes the quality?" side={scoreText(score.value)}>
      <div className="ft-body">
        {score.parts.map((part) => (
          <BarRow key={part.name} label={<>{partTitle(part.name)} <span className="ft-muted">weight {formats.share(part.weight, 1)}</span></>} share={part.value ?? 0} value={part.value === null ? "unknown" : formats.share(part.value)} />
        ))}
        <p className="ft-muted ft-small" style={{ marginTop: 6 }}>100 times the weighted mean of the parts that are known.</p>
      </div>
    </Card>
  );
}

function Monitors({ rows }: { rows: Monitor[] }) {
  const formats = useFormats();
  const say = (value: number | null, unit: Monitor["unit"]) => (value === null ? "–" : unit === "share" ? formats.share(value) : unit === "seconds" ? formats.span(value * 1000) : formats.count(value));
  const usual = (row: Monitor) => {
    if (row.low === null && row.high === null) return "not known yet";
    if (row.low === null) return `up to ${say(row.high, row.unit)}`;
    return row.high === null ? `from ${say(row.low, row.unit)}` : `${say(row.low, row.unit)} to ${say(row.high, row.unit)}`;
  };
  const columns: Column<Monitor>[] = [
    { name: "what", title: "What is watched", cell: (row) => <><span className="ft-strong">{monitorTitle(row.name)}</span>{row.subject && <> <span className="ft-fieldname">{row.subject}</span></>}<span className="two">{row.sentence} {row.next_step}</span></> },
    { name: "value", title: "Now", number: true, cell: (row) => say(row.value, row.unit) },
    { name: "usual", title: "Usual", number: true, cell: (row) => <span className="ft-muted">{usual(row)}</span> },
    { name: "since", title: "Since", cell: (row) => <span className="ft-muted">{row.since ? formats.instant(row.since) : "–"}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <StateBadge state={row.state} /> },
  ];
  return (
    <Card title="What is watched?" side="against the source's own last weeks" line>
      <Table label="Monitors" columns={columns} rows={rows} rowKey={(row) => `${row.name} ${row.subject}`} />
    </Card>
  );
}
