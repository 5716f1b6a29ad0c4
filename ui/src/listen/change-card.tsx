import type { Schemas } from "@/api/types";
import { PushRow } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { scoresAs } from "./feedback-words";

type Body = Schemas["FeedbackChange"];
type Part = Schemas["FeedbackPart"];
const MOST = 6;

/** The change as parts that add up: what opinions did, and what it made that others answered. */
export function ChangeCard({ change }: { change: Body }) {
  const formats = useFormats();
  const as = scoresAs(change.unit, formats);
  const { total, opinions, answering } = change;
  const side = `${formats.day(change.before_since)} to ${formats.day(change.since)}, against ${formats.day(change.since)} to ${formats.day(change.until)}`;
  if (!total || !opinions || !answering) {
    return (
      <Card title="Did opinions move?" side={side} className="ft-c4">
        <p className="ft-muted ft-body">Not yet: both windows need ten people who answered. Before were {formats.people(change.before.people)}, now {formats.people(change.after.people)}.</p>
      </Card>
    );
  }
  const traits = Object.fromEntries(change.traits.map((one) => [one.key, one.title.toLowerCase()]));
  const most = Math.max(Math.abs(opinions.value), Math.abs(answering.value), ...change.strata.flatMap((one) => [Math.abs(one.opinions), Math.abs(one.answering)]), 1e-9);
  const shown = change.strata.slice(0, MOST);
  const rest = change.strata.slice(MOST);
  const restOf = (which: "opinions" | "answering") => rest.reduce((sum, one) => sum + one[which], 0);
  return (
    <Card title="Did opinions move?" side="as answered, parts add up" className="ft-c4">
      <div className="ft-body">
        <p className="ft-small ft-muted">From {as.one(change.before.value)} to {as.one(change.after.value)}, {as.change(total.value)} ({as.changeInterval(total.low, total.high)}). {side}.</p>
        <PartRow label="Opinions moved" part={opinions} most={most} as={as} />
        <PartRow label="Who answered changed" part={answering} most={most} as={as} />
        <div className="ft-scorerow ft-sum"><span>Change</span><b>{as.change(total.value)}</b></div>
        {change.strata.length > 1 && (
          <>
            <h3 className="ft-minor">Opinions moved, by what is known of people</h3>
            {shown.map((one, place) => <PushRow key={place} label={<>{labelOf(one, traits)} <span className="ft-faint ft-small">{formats.share(one.share_after)} of answers</span></>} share={one.opinions / most} tone={toneOf(one.opinions)} value={as.change(one.opinions)} />)}
            {rest.length > 0 && <PushRow label="Everything else" share={restOf("opinions") / most} tone="rest" value={as.change(restOf("opinions"))} />}
          </>
        )}
        <p className="ft-small ft-muted">{panelWords(change, as, formats)}</p>
      </div>
    </Card>
  );
}

const toneOf = (value: number) => (value > 0 ? "good" : value < 0 ? "bad" : "rest");

function PartRow({ label, part, most, as }: { label: string; part: Part; most: number; as: ReturnType<typeof scoresAs> }) {
  return <PushRow label={<>{label} <span className="ft-faint ft-small">{part.real ? "real change" : "may be chance"}, {as.changeInterval(part.low, part.high)}</span></>} share={part.value / most} tone={part.real ? toneOf(part.value) : "rest"} value={as.change(part.value)} />;
}

function labelOf(one: Body["strata"][number], traits: Record<string, string>): string {
  const parts = Object.entries(one.levels).map(([trait, level]) => `${traits[trait] ?? trait}: ${level}`);
  return parts.length ? parts.join(", ") : "Everyone else";
}

function panelWords(change: Body, as: ReturnType<typeof scoresAs>, formats: ReturnType<typeof useFormats>): string {
  if (!change.panel) return `${formats.people(change.panel_people)} answered both times; ten are needed to compare them with themselves.`;
  return `${formats.people(change.panel_people)} answered both times: ${as.change(change.panel.value)} (${as.changeInterval(change.panel.low, change.panel.high)}), ${change.panel.real ? "real change" : "may be chance"}.`;
}
