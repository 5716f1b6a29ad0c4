import { Button } from "@mantine/core";
import { IconAlertTriangle, IconRefresh, type Icon } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { ApiError, type Told } from "@/api/client";
import { asSentence } from "./sentence";

/** What belongs here, why it is empty, and one step. */
export function Empty({ icon: Sign, title, children, action }: { icon: Icon; title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="ft-empty">
      <span className="ft-well" data-tone="accent"><Sign size={20} stroke={1.7} aria-hidden /></span>
      <h2>{title}</h2>
      <p>{children}</p>
      {action && <div className="ft-actions">{action}</div>}
    </div>
  );
}

/** What happened, what to do next, and a code to copy; in place of the failed part only. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const told: Told = error instanceof ApiError ? error.told : { code: "APP_FAILED", what: "This part of the app met an error of its own.", next_step: "Load the page again." };
  const details = [told.code, told.what, told.thing, told.where].filter(Boolean).join(" · ");
  return (
    <div className="ft-card ft-error" role="alert">
      <h2><IconAlertTriangle size={17} stroke={1.7} className="ft-icon" aria-hidden />{asSentence(told.what)}</h2>
      {told.where && <p className="ft-muted">{told.where}</p>}
      {told.next_step && <p className="ft-muted">{asSentence(told.next_step)}</p>}
      <div className="ft-actions">
        {retry && <Button variant="default" leftSection={<IconRefresh size={15} stroke={1.7} />} onClick={retry}>Try again</Button>}
        <button type="button" className="ft-link ft-small" onClick={() => void navigator.clipboard?.writeText(details)}>
          {told.code} · copy details
        </button>
      </div>
    </div>
  );
}

/** Grey shapes of what comes; only after 200 ms, and with words after 3 s. */
export function Shapes({ rows = 5, height = 16, what = "Reading the data" }: { rows?: number; height?: number; what?: string }) {
  const [phase, setPhase] = useState(0);
  useEffect(() => {
    const soon = setTimeout(() => setPhase(1), 200);
    const late = setTimeout(() => setPhase(2), 3000);
    return () => { clearTimeout(soon); clearTimeout(late); };
  }, []);
  return (
    <div className="ft-card" style={{ padding: 16, minHeight: rows * (height + 14) + 20 }} aria-busy="true">
      <span className="ft-sr" role="status">Loading</span>
      {phase > 0 && Array.from({ length: rows }, (_, row) => (
        <div key={row} className="ft-shape" style={{ height, width: `${[92, 64, 78, 48, 85][row % 5]}%`, marginBottom: 14 }} />
      ))}
      {phase > 1 && <p className="ft-muted ft-small">{what}. The first look at a day can take some seconds.</p>}
    </div>
  );
}

/** One query, its three states in one place. */
export function Loaded<T>({ query, children, rows, what }: { query: UseQueryResult<T>; children: (data: T) => ReactNode; rows?: number; what?: string }) {
  if (query.data !== undefined) return <div className={query.isPlaceholderData ? "ft-dim" : undefined} aria-busy={query.isPlaceholderData} style={{ display: "contents" }}>{children(query.data)}</div>;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Shapes rows={rows} what={what} />;
}
