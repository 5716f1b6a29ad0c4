import { Link } from "@tanstack/react-router";
import type { JourneyBody, Step } from "@/api/types";
import { BarRow } from "@/components/bars";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { kindOf, saysOf, wayOf } from "./step-words";

export function StepPanel({ journey, step, onClose }: { journey: JourneyBody; step: Step; onClose: () => void }) {
  const formats = useFormats();
  const { counts } = step;
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  const rows: [string, React.ReactNode][] = [["Came here", formats.people(counts.in)], ["Are here now", formats.people(counts.here)], ["Went on", formats.people(counts.done)]];
  if (step.kind === "send" || counts.sent) rows.push(["Sent", formats.count(counts.sent)], ["Not sent", formats.count(counts.refused)], ["Put off", formats.count(counts.deferred)]);
  return (
    <Panel title={step.title} badge={<Badge>{kindOf(step)}</Badge>} onClose={onClose}>
      {step.says && <Section><p>{saysOf(step, journey)}</p></Section>}
      <Section title="Numbers"><Pairs rows={rows} /></Section>
      <Reasons title="Not sent, and why" reasons={step.refused} to={(reason) => ({ journey: journey.key, step: step.key, decision: "refuse", reason })} />
      <Reasons title="Put off, and why" reasons={step.deferred} />
      <Reasons title="How it went" reasons={outcomesOf(step)} />
      <Section title="Where it leads">
        <Pairs rows={Object.entries(step.ways).map(([name, to]): [string, React.ReactNode] => [words(wayOf(name)), <>{to ? (titles.get(to) ?? to) : "the end"} <span className="ft-muted">{formats.count(step.passed[name] ?? 0)} passed</span></>])} />
        {Object.keys(step.ways).length === 0 && <p className="ft-muted">The journey ends here.</p>}
      </Section>
      {(step.kind === "send" || step.kind === "survey" || step.kind === "audience") && <Section><Link to="/messages" search={{ journey: journey.key, step: step.key } as never}>Messages of this step</Link></Section>}
      <Section title="As written"><pre className="ft-raw" tabIndex={0}>{JSON.stringify(step.content, null, 2)}</pre></Section>
    </Panel>
  );
}

const OUTCOMES: Record<string, string> = {
  then: "Yes", else: "No", happened: "It happened", waited: "The time ran out", waiting: "Began to wait", issued: "Codes issued", opened: "Cases opened", goal: "Reached the goal", left: "Left", "asked to join": "Asked to join",
};

/** What else happened at a step: messages, refusals and entries have their own numbers above. */
function outcomesOf(step: Step): Record<string, number> {
  const told = Object.entries(step.outcomes).filter(([outcome]) => !["sent", "entered", "held_out"].includes(outcome) && !/^(deferred|refused): /.test(outcome));
  return Object.fromEntries(told.map(([outcome, count]) => [OUTCOMES[outcome] ?? words(outcome.replace(/^ended: /, "")), count]));
}

interface ReasonsProps { title: string; reasons: Record<string, number>; to?: (reason: string) => Record<string, string> }

function Reasons({ title, reasons, to }: ReasonsProps) {
  const formats = useFormats();
  const rows = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  if (rows.length === 0) return null;
  const most = rows[0]?.[1] ?? 1;
  return <Section title={title}>{rows.map(([reason, count]) => <BarRow key={reason} label={to ? <Link to="/messages" search={to(reason) as never}>{words(reason)}</Link> : words(reason)} share={count / most} value={formats.count(count)} tone="rest" />)}</Section>;
}
