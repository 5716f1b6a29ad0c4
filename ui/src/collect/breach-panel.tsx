import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/types";
import { BarRow } from "@/components/bars";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { ruleTitle, sourceTitle } from "./codes";

const DAYS = 14;

/** One rule that was breached: how often, since when, by what, and who mends it. */
export function BreachPanel({ breach, onClose }: { breach: Schemas["BreachBody"]; onClose: () => void }) {
  const formats = useFormats();
  const facts: [string, ReactNode][] = [
    ["Event", breach.event],
    ["Field", breach.field ? <span key="field" className="ft-fieldname">{breach.field}</span> : "the event itself"],
    ["Source", sourceTitle(breach.source)],
    ["Owner", breach.owner ?? "nobody: name one in the plan"],
    ["Plan", breach.plan],
    ["First", formats.instant(breach.first_at)],
    ["Last", formats.instant(breach.last_at)],
    ["Let in", formats.count(breach.allowed)],
    ["Field dropped", formats.count(breach.dropped)],
    ["Put aside", formats.count(breach.quarantined)],
  ];
  const days = breach.trend.slice(-DAYS);
  const most = Math.max(1, ...days.map((day) => day.count));
  return (
    <Panel title={`${ruleTitle(breach.rule)}${breach.field ? `: ${breach.field}` : ""}`} onClose={onClose}>
      <Section>
        <p className="ft-verdict" style={{ marginBottom: 10 }}>{formats.plural(breach.events, "event", "events")}, {formats.share(breach.share)} of those named {breach.event} that arrived. {breach.owner ? `${breach.owner} answers for it.` : "Nobody answers for it yet."}</p>
        <Pairs left rows={facts} />
      </Section>
      {breach.examples.length > 0 && (
        <Section title="Examples">
          {breach.examples.map((example) => <p key={example} className="ft-mono" dir="auto">{example}</p>)}
        </Section>
      )}
      <Section title={breach.trend.length > DAYS ? `Last ${DAYS} days with violations` : "By day of arrival"}>
        {days.map((day) => <BarRow key={day.day} label={formats.period(day.day)} share={day.count / most} value={formats.count(day.count)} />)}
      </Section>
      {breach.quarantined > 0 && <Section title="What next"><Link to="/quarantine" search={{ code: "PLAN_VIOLATION", source: breach.source } as never}>See what was put aside</Link></Section>}
    </Panel>
  );
}
