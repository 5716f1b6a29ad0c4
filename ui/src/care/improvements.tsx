import { Button } from "@mantine/core";
import { IconArrowUpRight, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { hours, hoursInterval, isReal, points, pointsInterval } from "@/listen/loop-words";
import { ImprovementForm } from "./improvement-form";
import "./care.css";

export type Row = Schemas["ImprovementBody"];
type Cause = Schemas["CauseRow"];

const TONES = { done: "good", planned: "warn", dropped: undefined } as const;
const SAID = { done: "In place", planned: "Planned", dropped: "Given up" } as const;

/** What lies behind cases, what is done about it for everybody, and what came of it. */
export function ImprovementsPage() {
  const causes = useQuery(queries.loopCauses({}));
  const found = useQuery(queries.improvements());
  const [open, setOpen] = useState<{ row?: Row; cause?: string }>();
  const known = causes.data?.rows.map((one) => one.root_cause) ?? [];
  return (
    <Page title="Improvements" purpose="What lies behind the cases, and does what is done about it help?" actions={<Button leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />} onClick={() => setOpen({})}>Write down an improvement</Button>}>
      <Loaded query={found} rows={5}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0
              ? <Empty icon={IconArrowUpRight} title="Nothing is written down yet">An improvement takes a root cause away for everybody: another carrier, a clearer size chart. Write down what is done and since when; cases and scores before and after are put side by side.</Empty>
              : <Followed rows={rows} onOpen={(row) => setOpen({ row })} />}
          </div>
        )}
      </Loaded>
      <Loaded query={causes} rows={5}>{(body) => <Causes body={body} onImprove={(cause) => setOpen({ cause })} />}</Loaded>
      {open && <ImprovementForm row={open.row} cause={open.cause} known={known} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function Followed({ rows, onOpen }: { rows: Row[]; onOpen: (row: Row) => void }) {
  const formats = useFormats();
  const columns: Column<Row>[] = [
    { name: "title", title: "Improvement", cell: (row) => <><button type="button" className="ft-link" onClick={() => onOpen(row)}>{row.title}</button><span className="two">{row.root_causes.join(", ")}</span></> },
    { name: "state", title: "State", cell: (row) => <Badge tone={TONES[row.state]}>{SAID[row.state]}</Badge> },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">nobody yet</span> },
    { name: "since", title: "Since", number: true, cell: (row) => formats.day(row.started_at) },
    { name: "before", title: "Cases per 1,000 before", number: true, cell: (row) => <Rate one={row.numbers.rate_before} per={row.numbers.per} /> },
    { name: "after", title: "After", number: true, key: true, cell: (row) => row.numbers.verdict ? <>{row.numbers.verdict}<span className="two">{row.numbers.why}</span></> : <Rate one={row.numbers.rate_after} per={isReal(row.numbers.ratio, 1) ? "real change" : "may be chance"} /> },
    { name: "score", title: "Score after less before", number: true, cell: (row) => <>{points(row.numbers.score_change, formats)}<span className="two">{pointsInterval(row.numbers.score_change, formats)}</span></> },
  ];
  return (
    <>
      <Table label="Improvements" columns={columns} rows={rows} rowKey={(row) => row.improvement_id} />
      <p className="ft-body ft-muted ft-small">{rows[0]?.numbers.label}</p>
    </>
  );
}

function Rate({ one, per }: { one: Schemas["Between"]; per: string }) {
  const formats = useFormats();
  if (one.value === null) return <span className="ft-muted">–</span>;
  return <>{formats.number(one.value, 1)}<span className="two">{formats.number(one.low, 1)}–{formats.number(one.high, 1)}{per ? `, ${per}` : ""}</span></>;
}

function Causes({ body, onImprove }: { body: Schemas["LoopCauses"]; onImprove: (cause: string) => void }) {
  const formats = useFormats();
  const columns: Column<Cause>[] = [
    { name: "cause", title: "Root cause", cell: (row) => row.root_cause },
    { name: "share", title: "Share", number: true, cell: (row) => formats.share(row.share, row.cases) },
    { name: "open", title: "Open", number: true, cell: (row) => formats.count(row.open) },
    { name: "risk", title: "Value at risk", number: true, cell: (row) => formats.money(row.value_at_risk) },
    { name: "close", title: "Median time to close", number: true, cell: (row) => <>{hours(row.close_hours, formats)}<span className="two">{hoursInterval(row.close_hours, formats)}</span></> },
    { name: "cases", title: "Cases", number: true, key: true, cell: (row) => formats.count(row.cases) },
    { name: "improve", title: "Done about it", cell: (row) => row.improvements.length > 0 ? formats.plural(row.improvements.length, "improvement", "improvements") : <Button variant="default" size="xs" onClick={() => onImprove(row.root_cause)}>Improve it</Button> },
  ];
  return (
    <Card title="What lies behind the cases?" side={`since ${formats.day(body.since)}`}>
      {body.rows.length === 0 ? <p className="ft-body ft-muted">No case has a root cause yet. It is noted as a case is closed.</p> : <Table label="Root causes" columns={columns} rows={body.rows} rowKey={(row) => row.root_cause} />}
      {body.unnamed > 0 && <p className="ft-body ft-muted ft-small">{formats.plural(body.unnamed, "closed case has", "closed cases have")} no root cause.</p>}
    </Card>
  );
}
