import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";

type Visit = Schemas["Session"];
const SHOWN = 4;

/** With what somebody comes, and what they did in their last visits. */
export function Visits({ id }: { id: string }) {
  const query = useQuery(queries.visits(id));
  return <Loaded query={query} rows={3}>{(body) => <List rows={body.rows} />}</Loaded>;
}

function List({ rows }: { rows: Visit[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN);
  const devices = [...new Set(rows.map(deviceOf).filter(Boolean))];
  return (
    <Card title="Visits" side={rows.length ? "the latest first" : undefined}>
      <div className="ft-body">
        {rows.length === 0 ? <p className="ft-muted">No visit yet.</p> : <p className="ft-muted">Comes with {devices.length ? devices.join("; ") : "an unknown device"}.</p>}
      </div>
      {rows.length > 0 && <div className="ft-rows">{shown.map((row) => <Row key={row.session_id} row={row} />)}</div>}
      {rows.length > SHOWN && <div className="ft-body"><button type="button" className="ft-link" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Show fewer visits" : "Show more visits"}</button></div>}
    </Card>
  );
}

const deviceOf = (row: Visit): string => [row.browser, row.os].filter(Boolean).join(" on ") || row.device_type || "";

function Row({ row }: { row: Visit }) {
  const formats = useFormats();
  const from = row.utm_campaign ?? row.utm_source ?? row.referrer_domain;
  const did = [
    formats.plural(row.pages, "page", "pages"), row.duration_seconds >= 60 ? formats.span(row.duration_seconds * 1000) : "under 1 min",
    row.orders ? `${formats.plural(row.orders, "order", "orders")} of ${formats.money(row.revenue)}` : null, row.search_terms ? `searched “${row.search_terms}”` : null,
  ];
  return (
    <div>
      <b className="ft-strong">{formats.instant(row.started_at)}</b>
      <div className="ft-muted ft-small" style={{ overflowWrap: "anywhere" }}>{did.filter(Boolean).join(" · ")}</div>
      <div className="ft-muted ft-small" style={{ overflowWrap: "anywhere" }}>{[row.landing_page ? `landed on ${row.landing_page}` : null, from ? `from ${from}` : null, deviceOf(row) || null].filter(Boolean).join(" · ")}</div>
    </div>
  );
}
