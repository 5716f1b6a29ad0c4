import { Link } from "@tanstack/react-router";
import type { KpiCard as Told } from "@/api/types";
import { Move } from "@/components/move";
import { Spark } from "@/components/spark";
import { useFormats } from "@/formats/context";

/** One measure now: value, interval, change, target, the last periods. */
export function KpiCard({ card, level }: { card: Told; level: number }) {
  const formats = useFormats();
  const estimated = card.low !== null && card.high !== null;
  return (
    <Link to="/kpis/$key" params={{ key: card.key }} className="ft-card ft-kpi">
      <span className="label">{card.title}</span>
      <span className="top">
        <span>
          <span className="value" data-quiet={card.value === null} style={{ display: "block" }}>{card.value === null ? "Not yet" : formats.byUnit(card.value, card.unit)}</span>
          <span className="sub" style={{ display: "block" }}>{card.value === null ? "too little data" : estimated ? `${formats.share(level, 1)} interval ${formats.interval(card.low, card.high, card.unit)}` : `${formats.period(card.period ?? "")}, ${card.exact ? "exact" : "no interval"}`}</span>
        </span>
        <Spark points={card.series.filter((point) => point.complete).slice(-13)} target={card.target} />
      </span>
      <span className="foot">
        {card.change === null ? <span className="ft-faint">no period to compare yet</span> : (
          <Move change={card.change} better={card.better} real={card.real ?? true}>
            {card.change === 0 ? "unchanged" : formats.change(card.change, card.unit)}{card.real === false && ", may be chance"}
          </Move>
        )}
        <Target card={card} />
      </span>
    </Link>
  );
}

function Target({ card }: { card: Told }) {
  const formats = useFormats();
  if (card.target === null || card.value === null) return null;
  const missing = card.direction === "up" ? card.target - card.value : card.value - card.target;
  return (
    <span className="ft-muted">
      Target {formats.byUnit(card.target, card.unit)} · {missing <= 0 ? <b className="ft-good">met</b> : <b style={{ color: "var(--ft-text)" }}>{formats.change(missing, card.unit)} to go</b>}
    </span>
  );
}
