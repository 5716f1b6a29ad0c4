import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, Pairs, Strip } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { hours, hoursInterval, isReal, points, pointsInterval, shareInterval, shareOf } from "./loop-words";

type Body = Schemas["LoopBody"];
type Times = Schemas["LoopTimes"];

const BYS = [{ value: "owner", label: "Owner" }, { value: "team", label: "Team" }, { value: "root_cause", label: "Root cause" }, { value: "month", label: "Month" }];

/** Is everybody who was unhappy spoken with, how long does it take, and what went with it? */
export function Loop({ survey, days }: { survey?: string; days?: number }) {
  const [by, setBy] = useState("owner");
  const query = useQuery(queries.loop({ survey, days, by }));
  return (
    <Loaded query={query} rows={6}>
      {(body) => (
        <>
          <LoopStrip body={body} />
          <div className="ft-grid">
            <div className="ft-c8">
              <Card title="How long do cases take?" side={<SegmentedControl aria-label="Split by" size="xs" data={BYS} value={by} onChange={setBy} />}>
                <Groups body={body} />
              </Card>
            </div>
            <div className="ft-c4"><Effect effect={body.effect} /></div>
          </div>
        </>
      )}
    </Loaded>
  );
}

/** Who waits, and how soon people are spoken with. */
export function LoopStrip({ body }: { body: Body }) {
  const formats = useFormats();
  const { promptness: prompt, whole } = body;
  return (
    <Strip
      facts={[
        { label: "Wait for a word", value: <Link to="/cases" search={{ state: "unclosed" } as never}>{formats.count(prompt.waiting)}</Link>, note: prompt.waiting_without_case ? `${formats.count(prompt.waiting_without_case)} of them without a case` : `of ${formats.plural(prompt.answers, "low answer", "low answers")}`, tone: prompt.waiting ? "warn" : undefined },
        { label: "Spoken with within 24 hours", value: shareOf(prompt.within_24h, formats), note: shareInterval(prompt.within_24h, formats) },
        { label: "Within 48 hours", value: shareOf(prompt.within_48h, formats), note: shareInterval(prompt.within_48h, formats) },
        { label: "Median time to first contact", value: hours(whole.contact_hours, formats), note: hoursInterval(whole.contact_hours, formats) },
        { label: "Median time to close", value: hours(whole.close_hours, formats), note: hoursInterval(whole.close_hours, formats) },
      ]}
    />
  );
}

function Groups({ body }: { body: Body }) {
  const formats = useFormats();
  const columns: Column<Times>[] = [
    { name: "group", title: "Of", cell: (row) => (row.group ? (row.group === "nobody" ? <span className="ft-muted">not set</span> : row.group) : <strong>All cases</strong>) },
    { name: "cases", title: "Cases", number: true, cell: (row) => <>{formats.count(row.cases)}<span className="two">{formats.count(row.open)} open</span></> },
    { name: "contact", title: "First contact", number: true, cell: (row) => <>{hours(row.contact_hours, formats)}<span className="two">{hoursInterval(row.contact_hours, formats)}</span></> },
    { name: "close", title: "Closed", number: true, key: true, cell: (row) => <>{hours(row.close_hours, formats)}<span className="two">{hoursInterval(row.close_hours, formats)}</span></> },
    { name: "again", title: "Asked again in 14 days", number: true, cell: (row) => <>{shareOf(row.recontact, formats)}<span className="two">{shareInterval(row.recontact, formats)}</span></> },
    { name: "change", title: "Score after less before", number: true, cell: (row) => <>{points(row.score_change, formats)}<span className="two">{pointsInterval(row.score_change, formats)}</span></> },
  ];
  return (
    <>
      <Table label="How long cases take" columns={columns} rows={[body.whole, ...body.groups]} rowKey={(row) => row.group || "all cases"} />
      <p className="ft-body ft-muted ft-small">Medians count cases that are still open as going on. Whoever answers low tends to answer higher the next time anyway.</p>
    </>
  );
}

const COVARIATES: Record<string, string> = { score: "Score", worth: "Spent in the year before", often: "Orders in the year before", recency: "Time since the last order", month: "Month" };

function Effect({ effect }: { effect: Schemas["LoopEffect"] }) {
  const formats = useFormats();
  const { difference } = effect;
  const real = isReal(difference, 0);
  return (
    <Card title="Do people stay when their case is closed?" side={<Badge tone="warn">Estimated, not an experiment</Badge>}>
      <div className="ft-body">
        {effect.verdict ? (
          <><p className="ft-strong">{effect.verdict}</p><p className="ft-muted">{effect.why}</p></>
        ) : (
          <>
            <p className="ft-strong">{formats.change(difference.value ?? 0, "rate", true)} {real ? "" : <span className="ft-muted">may be chance</span>}</p>
            <p className="ft-muted">interval {formats.changeInterval(difference.low ?? 0, difference.high ?? 0, "rate")} in the share who left within {effect.horizon_days} days</p>
            <Pairs
              rows={[
                [`Closed within ${effect.within_days} days`, `${formats.share(effect.closed_left, effect.closed)} left of ${formats.count(effect.closed)}`],
                ["Comparable, not closed", `${formats.share(effect.others_left, effect.others)} left of ${formats.count(effect.others)}`],
                ...effect.balance.filter((one) => COVARIATES[one.name]).map((one): [string, string] => [COVARIATES[one.name] ?? words(one.name), `apart by ${formats.number(Math.abs(one.before), 2)} SD, compared at ${formats.number(Math.abs(one.after), 2)}`]),
              ]}
            />
          </>
        )}
        <p className="ft-muted ft-small">{effect.label}</p>
      </div>
    </Card>
  );
}
