import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Asked } from "@/api/client";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Range } from "@/components/bars";
import { Badge, Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { DIMENSION_WORDS, scoresAs } from "./feedback-words";

type Row = Schemas["FeedbackGroup"];
const CAN_FILTER = new Set(["segment", "touchpoint", "product", "agent", "channel", "language", "survey"]);
const IN_TIME = new Set(["month", "week"]);

/** The score by a dimension: intervals on one scale, small groups drawn towards all. */
export function GroupsCard({ asked, dimensions }: { asked: Asked; dimensions: string[] }) {
  const [address, setAddress] = useAddress();
  const by = address.by ?? "touchpoint";
  const query = useQuery(queries.feedbackGroups({ ...asked, by }));
  return (
    <Card
      title="Who says what?"
      className="ft-c8"
      side={<Select aria-label="Compare by" size="xs" w={150} allowDeselect={false} data={dimensions.map((value) => ({ value, label: DIMENSION_WORDS[value] ?? words(value) }))} value={by} onChange={(next) => setAddress({ by: next === "touchpoint" || !next ? undefined : next }, true)} />}
    >
      <Loaded query={query} rows={6} what="Comparing groups">{(told) => <Rows told={told} by={by} onPick={(key) => setAddress({ [by]: key })} />}</Loaded>
    </Card>
  );
}

function Rows({ told, by, onPick }: { told: Schemas["FeedbackGroups"]; by: string; onPick: (key: string) => void }) {
  const formats = useFormats();
  const as = scoresAs(told.unit, formats);
  if (told.rows.length === 0) return <p className="ft-muted ft-body">No group has ten people who answered yet{told.hidden ? `; ${formats.plural(told.hidden, "smaller one is", "smaller ones are")} not shown` : ""}.</p>;
  const bounds = told.rows.flatMap((row) => (row.score.low === null || row.score.high === null ? [] : [row.score.low, row.score.high]));
  const from = Math.min(...bounds, told.highest);
  const to = Math.max(...bounds, told.lowest);
  const columns: Column<Row>[] = [
    { name: "title", title: DIMENSION_WORDS[by] ?? words(by), cell: (row) => <><GroupName row={row} by={by} onPick={onPick} />{row.differs && <> <Badge tone={(row.drawn ?? 0) >= (told.overall.value ?? 0) ? "good" : "bad"}>differs</Badge></>}</> },
    { name: "people", title: "People", number: true, cell: (row) => formats.count(row.score.people) },
    { name: "range", title: "Interval", width: "34%", cell: (row) => (row.score.value === null || row.score.low === null || row.score.high === null ? <span className="ft-muted">Not yet</span> : <><Range value={row.score.value} low={row.score.low} high={row.score.high} from={from} to={to} tone={row.differs ? ((row.drawn ?? 0) >= (told.overall.value ?? 0) ? "good" : "bad") : "accent"} /><span className="ft-sr">{as.interval(row.score.low, row.score.high)}</span></>) },
    { name: "score", title: told.title, number: true, cell: (row) => as.one(row.score.value) },
    ...(IN_TIME.has(by) ? [] : [{ name: "drawn", title: "Drawn to all", number: true, key: true, cell: (row: Row) => <b>{as.one(row.drawn)}</b> }]),
  ];
  return (
    <>
      <Table label={`By ${(DIMENSION_WORDS[by] ?? by).toLowerCase()}`} columns={columns} rows={told.rows} rowKey={(row) => row.key} />
      {told.notes.length > 0 && <div className="ft-foot"><span>{told.notes.join(" ")}</span></div>}
    </>
  );
}

function GroupName({ row, by, onPick }: { row: Row; by: string; onPick: (key: string) => void }) {
  const formats = useFormats();
  const name = IN_TIME.has(by) ? formats.period(row.title) : row.title;
  return CAN_FILTER.has(by) ? <button type="button" className="ft-link" onClick={() => onPick(row.key)}>{name}</button> : <>{name}</>;
}
