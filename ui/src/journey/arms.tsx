import type { JourneyBody } from "@/api/types";
import { BarRow, Range } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import type { LiftArm, LiftSide } from "./lift";
import { toneOf } from "./lift-words";

/** What the journey brought against the people held out; the estimate and the verdict come from the server. */
export function Arms({ journey }: { journey: JourneyBody }) {
  const { lift } = journey;
  const judged = lift.treated.people + lift.held_out.people > 0;
  const counted = (people: number, goals: number): LiftArm => ({ people, goals, share: people ? goals / people : null });
  const treated = judged ? lift.treated : counted(journey.arms.treated, journey.goals.treated);
  const held = judged ? lift.held_out : counted(journey.arms.held_out, journey.goals.held_out);
  const most = Math.max(treated.share ?? 0, held.share ?? 0, 0.01);
  return (
    <Card title="Does it help?" side={journey.holdout > 0 ? "measured against the held out" : "nobody is held out"} className="ft-c7">
      <div className="ft-body">
        <p className="ft-verdict" style={{ marginBottom: 10 }}>{lift.verdict}</p>
        {journey.goal && (
          <>
            <p className="ft-muted ft-small">{judged ? `Reached the goal, of those whose ${spanOf(lift.window)} are over` : "Reached the goal so far"}</p>
            <ArmRow label="In the journey" arm={treated} most={most} />
            <ArmRow label="Held out" arm={held} most={most} rest />
          </>
        )}
        {lift.conversions && <LiftRow title="Reached the goal" part={lift.conversions} unit="rate" level={lift.level} />}
        <LiftRow title="Revenue a person" part={lift.revenue} unit="money" level={lift.level} />
        {lift.notes.map((note) => <p key={note} className="ft-muted ft-small" style={{ marginTop: 8 }}>{note}</p>)}
      </div>
    </Card>
  );
}

function ArmRow({ label, arm, most, rest }: { label: string; arm: LiftArm; most: number; rest?: boolean }) {
  const formats = useFormats();
  return <BarRow label={<>{label} <span className="ft-faint ft-small">{formats.count(arm.goals)} of {formats.people(arm.people)}</span></>} share={(arm.share ?? 0) / most} tone={rest ? "rest" : undefined} value={formats.share(arm.share, arm.people)} />;
}

function LiftRow({ title, part, unit, level }: { title: string; part: LiftSide; unit: "rate" | "money"; level: number }) {
  const formats = useFormats();
  const { value, low, high } = part;
  // Without an interval the number alone would claim too much; the verdict says what is missing.
  if (value === null || low === null || high === null) return null;
  const reach = Math.max(Math.abs(low), Math.abs(high)) * 1.15 || 1;
  const tone = toneOf(part);
  return (
    <div className="ft-lift">
      <span>{title}, difference<span className="ft-muted ft-small" style={{ display: "block" }}>{formats.share(level, 1)} interval {formats.changeInterval(low, high, unit)}</span></span>
      <Range value={value} low={low} high={high} from={-reach} to={reach} tone={tone} />
      <span className={tone === "rest" ? "ft-muted" : `ft-${tone}`}>{formats.change(value, unit, true)}<span className="ft-small" style={{ display: "block", fontWeight: 450 }}>{part.answer}</span></span>
    </div>
  );
}
