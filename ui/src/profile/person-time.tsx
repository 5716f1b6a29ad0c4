import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { BarRow } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

const hourOf = (hour: number) => `${String(hour % 24).padStart(2, "0")}:00`;

/** When and where a message is best answered; nothing where that was not worked out. */
export function BestTime({ id }: { id: string }) {
  const formats = useFormats();
  const told = useQuery(queries.personSendTime(id)).data;
  if (!told || told.hour === null) return null;
  const most = Math.max(...told.channels.map((one) => one.expected), 1e-9);
  return (
    <Card title="When and where to write?" side="their own clock">
      <div className="ft-body">
        <p><b>{hourOf(told.hour)}–{hourOf(told.hour + 1)}</b>{told.sure && <span className="ft-muted"> · {told.sure}</span>}</p>
        <Hours hours={told.hours} best={told.hour} />
        {told.channels.map((one) => <BarRow key={one.channel} share={one.expected / most} label={<span title={one.sure}>{words(one.channel)} <span className="ft-faint ft-small">{formats.count(one.answers)} of {formats.count(one.messages)}</span></span>} value={<span title={`interval ${formats.interval(one.low, one.high, "rate")}`}>{formats.share(one.expected)}</span>} />)}
        {told.channels.length > 0 && <p className="ft-faint ft-small">Expected answers to a message; beside it, how many of theirs were answered.</p>}
      </div>
    </Card>
  );
}

/** The day as 24 bars; the words above say which is the highest. */
function Hours({ hours, best }: { hours: readonly number[]; best: number }) {
  const most = Math.max(...hours, 1e-9);
  return (
    <svg viewBox="0 0 240 34" width="100%" height="34" preserveAspectRatio="none" aria-hidden style={{ margin: "8px 0 4px" }}>
      {hours.map((share, hour) => <rect key={hour} x={hour * 10 + 1} width={8} y={32 - (share / most) * 30} height={(share / most) * 30} fill={hour === best ? "var(--ft-series-1)" : "var(--ft-strong)"} />)}
    </svg>
  );
}
