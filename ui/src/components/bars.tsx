import type { ReactNode } from "react";
import type { Tone } from "./page";

const within = (value: number) => Math.max(0, Math.min(100, value));

/** A share of the longest one. */
export function BarRow({ label, share, value, tone }: { label: ReactNode; share: number; value: ReactNode; tone?: Tone }) {
  return (
    <div className="ft-barrow">
      <span>{label}</span>
      <span className="ft-track"><i data-tone={tone} style={{ width: `${within(share * 100)}%` }} /></span>
      <span>{value}</span>
    </div>
  );
}

/** How far something pushes up or down from a zero line. */
export function PushRow({ label, share, value, tone }: { label: ReactNode; share: number; value: ReactNode; tone: Tone }) {
  const width = within(Math.abs(share) * 50);
  return (
    <div className="ft-barrow">
      <span>{label}</span>
      <span className="ft-push"><i data-tone={tone} style={{ width: `${width}%`, left: share < 0 ? `${50 - width}%` : "50%" }} /></span>
      <span>{value}</span>
    </div>
  );
}

/** Dot and interval on a shared scale, with a zero line. */
export function Range({ value, low, high, from, to, tone }: { value: number; low: number; high: number; from: number; to: number; tone: Tone }) {
  const at = (point: number) => within(((point - from) / (to - from || 1)) * 100);
  return (
    <span className="ft-range" style={{ display: "block" }} aria-hidden>
      <span className="axis" />
      {from <= 0 && to >= 0 && <span className="zero" style={{ left: `${at(0)}%` }} />}
      <span className="bar" data-tone={tone} style={{ left: `${at(low)}%`, width: `${at(high) - at(low)}%` }} />
      <span className="dot" data-tone={tone} style={{ left: `${at(value)}%` }} />
    </span>
  );
}
