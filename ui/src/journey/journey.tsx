import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { queries } from "@/api/queries";
import type { JourneyBody, Step } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card, Page, Pairs, Strip } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { Arms } from "./arms";
import { BacktestPanel } from "./backtest";
import { StateBadge } from "./journeys";
import { PersonPath } from "./person-path";
import { Revisions } from "./revisions";
import { Running } from "./running";
import { StepPanel } from "./step-panel";
import { countOf, kindOf, saysOf } from "./step-words";
import { TrialPanel } from "./trial";

const TABS = [["steps", "Steps"], ["backtest", "Back-test"], ["revisions", "Revisions"], ["person", "One person"]] as const;

const Canvas = lazy(() => import("./canvas"));

export function JourneyPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.journey(key));
  const journey = query.data;
  const [address, setAddress] = useAddress();
  const tab = TABS.find(([name]) => name === address.tab)?.[0] ?? "steps";
  return (
    <Page
      title={journey?.title ?? "Journey"}
      crumb={<Link to="/journeys">Journeys</Link>}
      badges={journey && <StateBadge state={journey.state} />}
      purpose={journey?.description}
      actions={journey && (
        <>
          <Button variant="default" component={Link} to={`/journeys/${encodeURIComponent(key)}/draft`}>Edit a draft</Button>
          {journey.state === "draft" && tab !== "backtest" && <Button variant="default" onClick={() => setAddress({ tab: "backtest", step: undefined, test: undefined }, true)}>Back-test</Button>}
          <Running journey={journey} onTest={() => setAddress({ tab: undefined, step: undefined, test: "1" }, true)} />
        </>
      )}
    >
      <Tabs label="Parts of the journey" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === "steps" ? undefined : next, test: undefined }, true)} />
      <Loaded query={query} rows={12}>{(body) => tab === "backtest" ? <BacktestPanel journey={body} /> : tab === "revisions" ? <Revisions journey={body} /> : tab === "person" ? <PersonPath journey={body} /> : <Content journey={body} />}</Loaded>
    </Page>
  );
}

function Content({ journey }: { journey: JourneyBody }) {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const [address, setAddress] = useAddress();
  const step = journey.steps.find((one) => one.key === address.step);
  const asList = phone || address.view === "list";
  const choose = (key: string | undefined) => setAddress({ step: key, test: undefined }, true);
  const testing = address.test === "1" && !step;
  return (
    <>
      <Strip
        facts={[
          { label: "Entered", value: formats.count(journey.entered), note: `${formats.count(journey.arms.treated)} in the journey, ${formats.count(journey.arms.held_out)} held out${journey.waiting > 0 ? `, ${formats.count(journey.waiting)} more wait to enter` : ""}` },
          { label: "In it now", value: formats.count(journey.active), note: standing(journey).map(([count, what]) => `${formats.count(count)} ${what}`).join(", ") },
          { label: "Messages sent", value: formats.count(journey.sent), note: `${formats.count(sum(journey.refused))} not sent` },
          { label: "Goal so far, in the journey", value: formats.share(rate(journey.goals.treated, journey.arms.treated), journey.arms.treated), note: `${formats.count(journey.goals.treated)} of all ${formats.people(journey.arms.treated)}` },
          { label: "Goal so far, held out", value: formats.share(rate(journey.goals.held_out, journey.arms.held_out), journey.arms.held_out), note: `${formats.count(journey.goals.held_out)} of all ${formats.people(journey.arms.held_out)}` },
        ]}
      />
      <div className="ft-panelgrid" data-open={Boolean(step) || testing}>
        <Card
          title="Steps"
          line
          side={!phone && (
            <div className="ft-pick" role="group" aria-label="View">
              <button type="button" aria-pressed={!asList} onClick={() => setAddress({ view: undefined }, true)}>Drawing</button>
              <button type="button" aria-pressed={asList} onClick={() => setAddress({ view: "list" }, true)}>List</button>
            </div>
          )}
        >
          {asList ? <Steps journey={journey} chosen={step?.key} onChoose={choose} /> : <Suspense fallback={<div style={{ height: 900 }} />}><Canvas journey={journey} chosen={step?.key} onChoose={choose} /></Suspense>}
        </Card>
        {step && <StepPanel key={step.key} journey={journey} step={step} onClose={() => choose(undefined)} />}
        {testing && <TrialPanel journey={journey} onClose={() => setAddress({ test: undefined }, true)} />}
      </div>
      <div className="ft-grid">
        <Arms journey={journey} />
        <Card title="Rules" side={`as of ${formats.instant(journey.as_of)}`} className="ft-c5">
          <div className="ft-body">
            <Pairs
              left
              rows={[
                ["Who enters", journey.enter.says],
                ["How often", journey.again],
                ["How many", journey.cap || "no limit"],
                ["Waiting to enter", journey.waiting === 0 ? "nobody" : `${formats.people(journey.waiting)}, let in next${journey.cap ? " as the limit allows" : ""}`],
                ["Who leaves", journey.leave?.says ?? "nobody before the end"],
                ["Goal", journey.goal ? `${journey.goal.says.replace(/\.$/, "")}, within ${spanOf(journey.goal_within)}` : "none set"],
                ["Held out", formats.share(journey.holdout, 1)],
              ]}
            />
          </div>
        </Card>
      </div>
    </>
  );
}

/** Where the others of the journey are: with those in it now they are all that were not held out. */
function standing(journey: JourneyBody): [number, string][] {
  const { active, done, left, merged, stopped, arms } = journey;
  const goal = Math.max(0, arms.treated - active - done - left - merged - stopped);
  const parts: [number, string][] = [[done, "done"], [goal, "ended at the goal"], [left, "left on the way"], [stopped, "ended since it was stopped"], [merged, "joined with another run"]];
  return parts.filter(([count], index) => index === 0 || count > 0);
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, one) => total + one, 0);
const rate = (part: number, whole: number) => (whole === 0 ? null : part / whole);

const sends = (step: Step) => step.kind === "send" || step.counts.sent + step.counts.refused + step.counts.deferred > 0;

function Steps({ journey, chosen, onChoose }: { journey: JourneyBody; chosen?: string; onChoose: (key: string) => void }) {
  const formats = useFormats();
  return (
    <Table
      label="Steps"
      rows={journey.steps}
      rowKey={(step) => step.key}
      chosen={chosen}
      columns={[
        { name: "title", title: "Step", cell: (step) => <><button type="button" className="ft-link" onClick={() => onChoose(step.key)}>{step.title}</button><span className="two">{kindOf(step)}{step.says ? `: ${saysOf(step, journey)}` : ""}</span></> },
        { name: "number", title: "Number", number: true, key: true, cell: (step) => { const { value, what } = countOf(step); return <><b>{formats.count(value)}</b> <span className="ft-muted" style={{ fontWeight: 450 }}>{what}</span></>; } },
        { name: "here", title: "Here now", number: true, cell: (step) => formats.count(step.counts.here) },
        { name: "refused", title: "Not sent", number: true, cell: (step) => (sends(step) ? formats.count(step.counts.refused) : "–") },
        { name: "later", title: "Put off", number: true, cell: (step) => (sends(step) ? formats.count(step.counts.deferred) : "–") },
      ]}
    />
  );
}
