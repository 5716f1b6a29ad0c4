import type { JourneyBody } from "@/api/types";
import { BarRow, Range } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import type { Unit } from "@/formats/formats";
import { liftOf, type LiftPart } from "./lift";

/** What the journey brought against the people held out; the estimate and the verdict come from the server. */
export function Arms({ journey }: { journey: JourneyBody }) {
  const formats = useFormats();
  const { treated, held_out } = journey.arms;
  const lift = liftOf(journey);
  const share = (goal: number, all: number) => (all ? goal / all : 0);
  const most = Math.max(share(journey.goals.treated, treated), share(journey.goals.held_out, held_out), 0.01);
  return (
    <Card title="Does it help?" side={journey.holdout > 0 ? "against the held out" : "nobody is held out"} className="ft-c7">
      <div className="ft-body">
        {lift?.verdict && <p className="ft-verdict" style={{ marginBottom: 10 }}>{lift.verdict}</p>}
        <BarRow label={<>In the journey <span className="ft-faint ft-small">{formats.people(treated)}</span></>} share={share(journey.goals.treated, treated) / most} value={formats.share(treated ? share(journey.goals.treated, treated) : null, treated)} />
        <BarRow label={<>Held out <span className="ft-faint ft-small">{formats.people(held_out)}</span></>} share={share(journey.goals.held_out, held_out) / most} tone="rest" value={formats.share(held_out ? share(journey.goals.held_out, held_out) : null, held_out)} />
        {lift?.conversions && <LiftRow title="Reached the goal" part={lift.conversions} unit="points" level={lift.level} />}
        {lift?.revenue && <LiftRow title="Revenue a person" part={lift.revenue} unit="money" level={lift.level} />}
        {!lift && (
          <p className="ft-note" style={{ marginTop: 10 }}>
            {journey.holdout > 0 ? "These are counts so far. Whether the difference is real is not estimated on this page yet." : "Without people held out nobody can tell what the journey brought."}
          </p>
        )}
        {journey.contaminated > 0 && <p className="ft-faint ft-small" style={{ marginTop: 8 }}>{formats.people(journey.contaminated)} left out of analyses: joined profiles were in both arms.</p>}
      </div>
    </Card>
  );
}

function LiftRow({ title, part, unit, level }: { title: string; part: LiftPart; unit: Unit; level: number }) {
  const formats = useFormats();
  const reach = Math.max(Math.abs(part.low), Math.abs(part.high)) * 1.15 || 1;
  const tone = part.low > 0 ? "good" : part.high < 0 ? "bad" : "rest";
  const shown = unit === "points" ? formats.change(part.difference, "rate", true) : formats.change(part.difference, unit, true);
  return (
    <div className="ft-lift">
      <span>{title}<span className="ft-muted ft-small" style={{ display: "block" }}>{formats.share(level, 1)} interval {formats.changeInterval(part.low, part.high, unit === "points" ? "rate" : unit)}</span></span>
      <Range value={part.difference} low={part.low} high={part.high} from={-reach} to={reach} tone={tone} />
      <span className={tone === "rest" ? "ft-muted" : `ft-${tone}`}>{shown}</span>
    </div>
  );
}
