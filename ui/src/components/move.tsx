import { IconArrowDownRight, IconArrowUpRight, IconMinus } from "@tabler/icons-react";
import type { ReactNode } from "react";

/** Which way a number went; better or worse comes from the API, never from the sign. */
export function Move({ change, better, real, children }: { change: number; better: boolean | null; real: boolean | null; children?: ReactNode }) {
  const Arrow = change > 0 ? IconArrowUpRight : change < 0 ? IconArrowDownRight : IconMinus;
  const tone = real !== true || better === null || change === 0 ? "muted" : better ? "good" : "bad";
  return (
    <span className={`ft-move ft-${tone}`}>
      <Arrow size={14} stroke={2} className="ft-icon" aria-hidden />
      <span className="ft-sr">{change > 0 ? "up" : change < 0 ? "down" : "unchanged"}{tone === "good" ? ", better" : tone === "bad" ? ", worse" : ""} </span>
      {children}
    </span>
  );
}
