import { Button, Select, TextInput } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { ApiError, post } from "@/api/client";
import { queries } from "@/api/queries";
import type { JourneyBody, Schemas } from "@/api/types";
import { Card, Strip } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";
import { BacktestDays } from "./backtest-days";

type Body = Schemas["BacktestBody"];
type Report = Schemas["Backtest"];
type Guess = Schemas["Guess"];
type Work = Schemas["WorkBody"];

const isOpen = (work: Work | undefined) => work?.state === "waiting" || work?.state === "running";
export const said = (formats: Formats, guess: Guess) => guess.low === guess.high ? formats.count(guess.value) : `${formats.count(guess.value)} (${formats.count(guess.low)} to ${formats.count(guess.high)})`;

/** What the last back-test says of each step, by key, for the drawing; nothing where there is none of this document. */
export function useForeseen(key: string | undefined): Record<string, string> {
  const formats = useFormats();
  const { data } = useQuery({ ...queries.journeyBacktest(key ?? ""), enabled: key !== undefined });
  return useMemo(() => (data?.report && data.current ? Object.fromEntries(data.report.steps.map((step) => [step.key, said(formats, step.outcomes.sent ?? step.arrived)])) : {}), [data, formats]);
}

export function BacktestPanel({ journey }: { journey: JourneyBody }) {
  const client = useQueryClient();
  const query = useQuery(queries.journeyBacktest(journey.key));
  const open = isOpen(query.data?.work);
  const was = useRef(open);
  useEffect(() => {
    if (was.current && !open) void client.invalidateQueries({ queryKey: [`journeys/${encodeURIComponent(journey.key)}/backtest`] });
    was.current = open;
  }, [open, client, journey.key]);
  return (
    <>
      <Ask journey={journey} work={query.data?.work} open={open} onAsked={() => void query.refetch()} />
      <Loaded query={query} rows={8}>{(body) => (body.report ? <Told body={body} report={body.report} journey={journey} /> : <Card title="No back-test yet"><div className="ft-body"><p className="ft-muted">Choose a time and run one: nothing is sent, and nobody is let in.</p></div></Card>)}</Loaded>
    </>
  );
}

function Ask({ journey, work, open, onAsked }: { journey: JourneyBody; work: Work | undefined; open: boolean; onAsked: () => void }) {
  const now = Date.parse(journey.as_of);
  const [begin, setBegin] = useState(new Date(now - 365 * 86_400_000).toISOString().slice(0, 10));
  const [end, setEnd] = useState(new Date(now).toISOString().slice(0, 10));
  const [rescore, setRescore] = useState("never");
  const asking = useMutation({
    mutationFn: () => post<Work>(`journeys/${encodeURIComponent(journey.key)}/backtest`, { from: `${begin}T00:00:00Z`, to: `${end}T00:00:00Z`, rescore }),
    onSettled: onAsked,
  });
  return (
    <Card title={open ? (work?.state === "waiting" ? "Waiting for what was asked for before" : (work?.step ?? "")) : "What would it have done?"}>
      <form className="ft-body" style={{ display: "flex", flexWrap: "wrap", gap: 12, alignItems: "end" }} onSubmit={(event) => { event.preventDefault(); asking.mutate(); }}>
        <TextInput type="date" label="From" value={begin} max={end} required onChange={(event) => setBegin(event.currentTarget.value)} />
        <TextInput type="date" label="To" value={end} min={begin} required onChange={(event) => setEnd(event.currentTarget.value)} />
        <Select label="Scores" value={rescore} allowDeselect={false} onChange={(value) => setRescore(value ?? "never")} data={[{ value: "never", label: "As they were stored" }, { value: "weekly", label: "Made for each week (slow)" }]} />
        <Button type="submit" disabled={open} loading={asking.isPending} leftSection={<IconHistory size={16} stroke={1.7} aria-hidden />}>Run back-test</Button>
      </form>
      <div className="ft-body" role="status">
        {open && <><div className="ft-progress" data-open="true" aria-hidden><i /></div><p className="ft-muted">It goes on by itself: you can leave this page.</p></>}
        {work?.state === "failed" && work.error && <div className="ft-note" data-tone="warn"><b>{asSentence(work.error.what)}</b> {work.error.next_step}</div>}
      </div>
      {asking.error && !(asking.error instanceof ApiError && asking.error.told.code === "AT_WORK") && <div className="ft-body"><Failed error={asking.error} /></div>}
    </Card>
  );
}

function Told({ body, report, journey }: { body: Body; report: Report; journey: JourneyBody }) {
  const formats = useFormats();
  const cost = report.channels.some((one) => one.price !== null);
  return (
    <>
      {!body.current && <div className="ft-note" data-tone="warn">The journey has changed since this back-test. Run it again to see what it would do now.</div>}
      <Strip
        facts={[
          { label: "Would have entered", value: said(formats, report.runs), note: `${formats.people(report.people)}, ${formats.day(report.begin)} to ${formats.day(report.end)}` },
          { label: "Held out", value: said(formats, report.held_out), note: report.kept_waiting.high ? `the cap on entries let ${said(formats, report.kept_waiting)} wait` : "by the same draw as when it runs" },
          { label: "Messages", value: said(formats, report.sent), note: reasons(formats, report.refused) },
          { label: "Put off", value: said(formats, total(report.deferred)), note: reasons(formats, report.deferred) },
          { label: "Cost", value: cost ? money(formats, report.cost, report.currency) : "–", note: report.unpriced.length ? `no price for ${report.unpriced.join(", ")}` : "by the channels’ prices" },
        ]}
      />
      <BacktestDays report={report} />
      <Card title="Steps" side={report.assumed ? `replies assumed, ${formats.count(report.draws)} draws: median, and where nine of ten lie` : "nothing hangs on replies"}>
        <Table
          label="Steps of the back-test" rows={report.steps} rowKey={(step) => step.key}
          columns={[
            { name: "title", title: "Step", cell: (step) => step.title },
            { name: "arrived", title: "Came here", number: true, key: true, cell: (step) => said(formats, step.arrived) },
            { name: "here", title: "Here at the end", number: true, cell: (step) => said(formats, step.here) },
            { name: "what", title: "What happened", cell: (step) => Object.entries(step.outcomes).map(([what, count]) => `${said(formats, count)} ${words(what).toLowerCase()}`).join(", ") },
            { name: "opened", title: "Opened (assumed)", number: true, cell: (step) => (step.opened ? said(formats, step.opened) : "–") },
            { name: "clicked", title: "Clicked (assumed)", number: true, cell: (step) => (step.clicked ? said(formats, step.clicked) : "–") },
          ]}
        />
      </Card>
      <div className="ft-grid">
        <Conflicts report={report} />
        <Card title="Goal, by history" className="ft-c5">
          <div className="ft-body">
            {report.goal.treated && report.goal.held_out ? <p>{said(formats, report.goal.treated)} of the treated and {said(formats, report.goal.held_out)} of the held out reached {journey.goal ? "it" : "the goal"} in its time. They did so without these messages: this is not what the journey would have changed.</p> : <p className="ft-muted">The journey has no goal.</p>}
          </div>
        </Card>
      </div>
      <Scores report={report} />
      <Card title="What it cannot know"><div className="ft-body">{[...report.unforeseen, ...report.limits].map((one) => <p key={one} style={{ marginBottom: 8 }}>{one}</p>)}</div></Card>
    </>
  );
}

function Conflicts({ report }: { report: Report }) {
  const formats = useFormats();
  return (
    <Card title="Other journeys" className="ft-c7">
      {report.conflicts.length === 0 ? <div className="ft-body"><p className="ft-muted">No other journey met these people.</p></div> : (
        <Table
          label="Other journeys" rows={report.conflicts} rowKey={(one) => one.journey}
          columns={[
            { name: "journey", title: "Journey", cell: (one): ReactNode => <>{one.title}<span className="two">{words(one.state)}</span></> },
            { name: "people", title: "In both at once", number: true, key: true, cell: (one) => formats.people(one.people) },
            { name: "before", title: "Stopped this one’s messages", number: true, cell: (one) => said(formats, one.before_ours) },
            { name: "after", title: "Would lose messages to it", number: true, cell: (one) => said(formats, one.after_ours) },
          ]}
        />
      )}
    </Card>
  );
}

function Scores({ report }: { report: Report }) {
  const formats = useFormats();
  if (report.scores.length === 0) return null;
  return (
    <Card title="Scores that were read">
      <Table
        all label="Scores that were read" rows={report.scores} rowKey={(one) => `${one.prediction} ${one.horizon}`}
        columns={[
          { name: "prediction", title: "Prediction", cell: (one) => `${one.prediction}, ${one.horizon}` },
          { name: "how", title: "Which", cell: (one) => (one.rescored ? "made for this back-test" : "as they were stored") },
          { name: "scorings", title: "Scorings", number: true, cell: (one) => formats.count(one.scorings) },
          { name: "first", title: "First", cell: (one) => (one.first ? formats.day(one.first) : "none") },
          { name: "age", title: "Counts for", cell: (one) => one.max_age ?? (one.rescored ? "until the next" : "always") },
        ]}
      />
    </Card>
  );
}

const total = (counts: Record<string, Guess>): Guess => Object.values(counts).reduce((sum, one) => ({ value: sum.value + one.value, low: sum.low + one.low, high: sum.high + one.high }), { value: 0, low: 0, high: 0 });
const reasons = (formats: Formats, counts: Record<string, Guess>) => Object.entries(counts).toSorted((a, b) => b[1].value - a[1].value).map(([reason, count]) => `${said(formats, count)} ${words(reason).toLowerCase()}`).join(", ") || "nothing stopped them";

function money(formats: Formats, cost: Guess, currency: string): string {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const major = (minor: number) => formats.money(minor / 10 ** digits);
  return cost.low === cost.high ? major(cost.value) : `${major(cost.value)} (${major(cost.low)} to ${major(cost.high)})`;
}
