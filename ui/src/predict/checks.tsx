import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, type Tone } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { words } from "@/formats/words";

type Check = Schemas["CheckRow"];
const VERDICTS: Record<Check["verdict"], { title: string; tone?: Tone; order: number }> = {
  off: { title: "no longer right", tone: "bad", order: 3 }, moved: { title: "moved", tone: "bad", order: 2 }, moving: { title: "moving", tone: "warn", order: 1 }, steady: { title: "steady", tone: "good", order: 0 },
};
const MOST = 8;

/** What has moved since the training, and whether what was foreseen came true. */
export function Checks({ prediction }: { prediction: string }) {
  const formats = useFormats();
  const query = useQuery(queries.predictionChecks(prediction));
  return (
    <Loaded query={query} rows={4}>
      {(checks) => (
        <Card title="What has moved since?" side={checks.rows[0] ? `checked ${formats.day(checks.rows[0].as_of)}` : undefined} line>
          <Doubts checks={checks} />
          {checks.rows.length === 0 ? <p className="ft-muted" style={{ padding: 14 }}>Not yet: scores are held against the training when people are scored anew, and against what came true as soon as a horizon is over.</p> : (
            <Table
              label="Checks" rows={checks.rows.slice(0, MOST)} rowKey={(one) => `${one.what} ${one.subject} ${one.scored_at}`}
              columns={[
                { name: "words", title: "What", cell: (one) => <>{one.words}<span className="two">{one.what === "calibration" ? "held against what came true" : one.what === "scores" ? "the scores themselves" : words(one.subject)}</span></> },
                { name: "value", title: "How far", number: true, cell: (one) => <>{one.what === "calibration" ? formats.share(one.value) : formats.number(one.value, 3)} <span className="ft-faint ft-small">limit {one.what === "calibration" ? formats.share(one.limit) : formats.number(one.limit, 2)}</span></> },
                { name: "n", title: "People", number: true, cell: (one) => formats.count(one.people) },
                { name: "verdict", title: "Verdict", key: true, cell: (one) => <Badge tone={VERDICTS[one.verdict].tone}>{VERDICTS[one.verdict].title}</Badge> },
              ]}
            />
          )}
          {checks.rows.length > MOST && <div className="ft-foot">The {formats.count(MOST)} that moved furthest, of {formats.count(checks.rows.length)}.</div>}
        </Card>
      )}
    </Loaded>
  );
}

/** Why it may not be acted on by the number, who says that it may all the same, and what has shown since. */
export function Doubts({ checks }: { checks: Schemas["Checks"] }) {
  const told = [...Object.entries(checks.doubts), ...Object.entries(checks.warnings)];
  if (told.length === 0) return null;
  return (
    <div style={{ padding: "12px 14px", display: "grid", gap: 8 }}>
      {told.map(([horizon, why]) => <p key={`${horizon} ${why}`} className="ft-note" data-tone="warn"><b>{spanOf(horizon)}</b>, {why}</p>)}
      {Object.keys(checks.doubts).length > 0 && <p className="ft-muted">{checks.accepted ? `Acted on all the same: ${checks.accepted}` : "So its bands are not told and journeys do not start on it, unless the document says accept_uncalibrated with a reason."}</p>}
    </div>
  );
}

/** The furthest of all checks, for a list. */
export function Moved({ prediction }: { prediction: string }) {
  const rows = useQuery(queries.predictionChecks(prediction)).data?.rows ?? [];
  const worst = rows.reduce<Check | undefined>((most, one) => (most === undefined || VERDICTS[one.verdict].order > VERDICTS[most.verdict].order ? one : most), undefined);
  if (worst === undefined) return <span className="ft-muted">not checked yet</span>;
  return <Badge tone={VERDICTS[worst.verdict].tone}>{VERDICTS[worst.verdict].title}</Badge>;
}
