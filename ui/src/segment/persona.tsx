import { Button } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { valueAxis, tooltip } from "@/components/axes";
import { BarRow } from "@/components/bars";
import { ChartCard, useColours } from "@/components/chart";
import { Badge, Card, Page, Strip } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { asLine, toYaml } from "@/condition/yaml";
import type { Json } from "@/condition/written";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { InterviewList } from "./persona-interviews";
import { Notes } from "./persona-notes";
import { dayInWords, FINDINGS, middleOf, WEEKDAYS } from "./persona-words";
import "./persona.css";

type Body = Schemas["PersonaBody"];
type Ranked = Schemas["Ranked"];
type Saying = Schemas["SayingBody"];

export function PersonaPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.persona(key));
  const gone = query.data && query.data.vanished !== null;
  return (
    <Page
      title={query.data?.title ?? "Persona"}
      crumb={<Link to="/personas">Personas</Link>}
      badges={gone && <Badge tone="warn">no longer found</Badge>}
      purpose="A kind of customers, by what they keep doing."
      actions={<Button className="ft-noprint" variant="default" leftSection={<IconPrinter size={15} stroke={1.7} aria-hidden />} onClick={() => window.print()}>Print</Button>}
    >
      <Loaded query={query} rows={10}>{(persona) => <Content persona={persona} />}</Loaded>
    </Page>
  );
}

function Content({ persona }: { persona: Body }) {
  const formats = useFormats();
  const { portrait } = persona;
  return (
    <div className="ft-sheet">
      <Strip facts={[
        { label: "People", value: formats.count(persona.now_people), note: `${formats.share(persona.share)} of all with a persona` },
        { label: "Found again", value: formats.share(persona.stability), note: "in bootstrap samples" },
        { label: "Its rule names", value: persona.rule_people === null ? "–" : formats.count(persona.rule_people), note: `${formats.share(persona.precision)} of them rightly` },
        { label: "Known since", value: formats.day(persona.history[0]?.as_of), note: formats.plural(persona.history.length, "build", "builds") },
      ]} />
      <div className="ft-grid">
        <div className="ft-stack ft-c8">
          <Differences persona={persona} />
          <TypicalDay day={portrait.day} />
          <div className="ft-grid">
            <Ranking className="ft-c6" title="What do they buy?" side="share of people" rows={portrait.categories.length ? portrait.categories : portrait.products} />
            <Ranking className="ft-c6" title="Which products?" side="share of people" rows={portrait.products} />
            <Ranking className="ft-c6" title="On which devices?" side="share of visits" rows={portrait.devices} />
            <Ranking className="ft-c6" title="Where from?" side="share of visits" rows={portrait.visits_from} />
            <Ranking className="ft-c6" title="Where do they order?" side="share of orders" rows={portrait.channels} />
            <Messages rows={portrait.messages} />
          </div>
        </div>
        <div className="ft-stack ft-c4">
          <Rule persona={persona} />
          <Ranking title="What hurts?" side="share of people" rows={portrait.pains} />
          {Object.entries(FINDINGS).map(([kind, { title, none }]) => <Sayings key={kind} title={title} none={none} rows={persona.findings[kind] ?? []} />)}
          <Sayings title="In their words" none="Nobody has said anything yet." rows={persona.quotes.slice(0, 6)} />
        </div>
      </div>
      <Card title="Whom to ask" side="the most loyal, and those who left lately" line><InterviewList rows={persona.interviews} /></Card>
      <Notes persona={persona} />
    </div>
  );
}

function Differences({ persona }: { persona: Body }) {
  const formats = useFormats();
  return (
    <Card title="What sets them apart?" side={`medians of ${spanOf(persona.build.window)}`} line>
      <Table
        all
        label="What sets them apart"
        rows={persona.differences}
        rowKey={(row) => row.behaviour}
        columns={[
          { name: "title", title: "Habit", cell: (row) => row.title },
          { name: "median", title: "They", number: true, cell: (row) => <b>{middleOf(row, row.median, formats)}</b> },
          { name: "others", title: "All others", number: true, cell: (row) => middleOf(row, row.others, formats) },
        ]}
      />
    </Card>
  );
}

/** Two pictures: the hours of a day and the days of a week, both on people's own clocks. */
function TypicalDay({ day }: { day: Body["portrait"]["day"] }) {
  const formats = useFormats();
  if (!day) return <Card title="What is a typical day?"><p className="ft-body ft-muted">No visits and no orders were seen.</p></Card>;
  return (
    <div className="ft-grid">
      <Bars className="ft-c7" title="What is a typical day?" side={`${formats.count(day.n)} ${day.of}, by their own clock`} names={day.hours.map((_, hour) => `${hour}`)} counts={day.hours} interval={5} summary={dayInWords(day)} />
      <Bars className="ft-c5" title="Which days?" side={`share of ${day.of}`} names={[...WEEKDAYS]} counts={day.weekdays} interval={0} summary={dayInWords(day)} />
    </div>
  );
}

function Bars({ title, side, className, names, counts, interval, summary }: { title: string; side: string; className: string; names: string[]; counts: readonly number[]; interval: number; summary: string }) {
  const formats = useFormats();
  const colours = useColours();
  const whole = counts.reduce((sum, one) => sum + one, 0) || 1;
  const rows = names.map((name, place) => ({ name: interval ? `${name}:00` : name, share: (counts[place] ?? 0) / whole }));
  return (
    <ChartCard
      title={title}
      side={side}
      className={className}
      height={200}
      summary={summary}
      rows={rows}
      columns={[{ name: "name", title: "When", cell: (row) => row.name }, { name: "share", title: "Share", number: true, key: true, cell: (row) => formats.share(row.share) }]}
      option={{
        animation: false,
        grid: { left: 40, right: 10, top: 12, bottom: 24 },
        tooltip: { ...tooltip(colours), trigger: "axis", valueFormatter: (one: unknown) => formats.share(Number(one)) },
        xAxis: { type: "category", data: names, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.strong } }, axisLabel: { color: colours.muted, fontSize: 11, interval } },
        yAxis: valueAxis(colours, (one) => `${formats.number(one * 100, 0)} %`),
        series: [{ type: "bar", data: rows.map((row) => row.share), itemStyle: { color: colours["series-1"] }, barCategoryGap: "22%" }],
      }}
    >
      {interval > 0 && <p className="ft-body ft-muted">{summary}</p>}
    </ChartCard>
  );
}

function Ranking({ title, side, rows, className }: { title: string; side: string; rows: readonly Ranked[]; className?: string }) {
  const formats = useFormats();
  const longest = Math.max(...rows.map((row) => row.share), 0.0001);
  return (
    <Card title={title} side={side} className={className}>
      <div className="ft-body">
        {rows.length === 0 && <p className="ft-muted">Nothing was counted.</p>}
        {rows.map((row) => (
          <BarRow key={row.value} share={row.share / longest} label={<>{row.value} <span className="ft-muted ft-small ft-two">all {formats.share(row.everyone)}</span></>} value={formats.share(row.share)} />
        ))}
      </div>
    </Card>
  );
}

function Messages({ rows }: { rows: Schemas["MessageUse"][] }) {
  const formats = useFormats();
  return (
    <Card title="Do they read messages?" side="opened by people" className="ft-c6">
      <div className="ft-body">
        {rows.length === 0 && <p className="ft-muted">Nothing was delivered.</p>}
        {rows.map((row) => (
          <BarRow key={row.channel} share={row.delivered ? row.opened / row.delivered : 0} label={<>{row.channel} <span className="ft-muted ft-small ft-two">{formats.count(row.delivered)} delivered</span></>} value={row.delivered ? formats.share(row.opened / row.delivered, row.delivered) : "–"} />
        ))}
      </div>
    </Card>
  );
}

function Rule({ persona }: { persona: Body }) {
  const formats = useFormats();
  return (
    <Card title="Its rule" side={`${formats.share(persona.recall)} of them are named by it`}>
      <div className="ft-body" style={{ display: "grid", gap: 10 }}>
        {persona.rule === null ? <p className="ft-muted">No short rule says who they are.</p> : (
          <>
            <p>{persona.rule_says}</p>
            <div className="ft-noprint"><Button component={Link} to="/segments/new" search={{ condition: asLine(persona.rule as Json), about: persona.title } as never} variant="default">Keep the rule as a segment</Button></div>
            <details className="ft-noprint"><summary className="ft-link ft-small">As a condition</summary><pre className="ft-pre" tabIndex={0} aria-label="Rule as YAML">{toYaml(persona.rule as Json)}</pre></details>
          </>
        )}
        <p className="ft-muted ft-small">In conditions they are <code>{`{persona: ${persona.key}}`}</code>.</p>
      </div>
    </Card>
  );
}

function Sayings({ title, none, rows }: { title: string; none: string; rows: readonly Saying[] }) {
  const formats = useFormats();
  return (
    <Card title={title}>
      <div className="ft-body ft-sayings">
        {rows.length === 0 && <p className="ft-muted">{none}</p>}
        {rows.map((row) => (
          <div className="ft-saying" key={`${row.source}${row.note_id ?? ""}${row.text}`}>
            <blockquote dir="auto">{row.text}</blockquote>
            <p className="ft-muted ft-small">{row.source === "note" ? `note by ${row.by}` : row.event}, {formats.day(row.at)}{row.people > 1 && ` · ${formats.people(row.people)}`}</p>
          </div>
        ))}
      </div>
    </Card>
  );
}
