import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Range } from "@/components/bars";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { spanOf } from "@/formats/span";

type Against = Schemas["AgainstRow"];
type Standing = Schemas["StandingBody"];

/** What is foreseen of the members, against everybody else. */
export function Differ({ segment }: { segment: string }) {
  const query = useQuery(queries.segmentDrift(segment));
  const titles = new Map(useQuery(queries.predictions()).data?.rows.map((row) => [row.key, row.title]));
  return (
    <Loaded query={query} rows={3} what="Comparing them with everybody else">
      {({ against }) => {
        const known = against.filter((row): row is Against & { now: Standing } => row.now !== null);
        const several = (row: Against) => known.filter((one) => one.prediction === row.prediction).length > 1;
        const titleOf = (row: Against) => `${titles.get(row.prediction) ?? row.prediction}${several(row) ? `, ${spanOf(row.horizon)}` : ""}`;
        return (
          <Card title="How they differ" side="against all others">
            <div className="ft-body">
              {known.length === 0 && <p className="ft-muted">Not yet: too few of them are scored.</p>}
              {known.map((row) => <Row key={`${row.prediction} ${row.horizon}`} row={row} title={titleOf(row)} />)}
              {known.length > 0 && <p className="ft-small ft-muted" style={{ marginTop: 6 }}>Bar: 90 % interval of the difference. Line: no difference. Grey: may be chance.</p>}
            </div>
          </Card>
        );
      }}
    </Loaded>
  );
}

/** Scores of value are money and beyond 1; probabilities are not. */
const shown = (formats: Formats, value: number, asMoney: boolean) => (asMoney ? formats.money(value) : formats.probability(value));

function Row({ row, title }: { row: Against & { now: Standing }; title: string }) {
  const formats = useFormats();
  const { members, others, difference, differs } = row.now;
  const asMoney = Math.max(members, others) > 1;
  const [low, high] = [difference.low ?? difference.value, difference.high ?? difference.value];
  const reach = Math.max(Math.abs(low), Math.abs(high), 1e-9) * 1.1;
  return (
    <div className="ft-differ">
      <span>{title}</span>
      <Range value={difference.value} low={low} high={high} from={-reach} to={reach} tone={differs ? "accent" : "rest"} />
      <b>{shown(formats, members, asMoney)}</b>
      <span className="ft-muted">{shown(formats, others, asMoney)}</span>
    </div>
  );
}
