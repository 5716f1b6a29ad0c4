import { Button } from "@mantine/core";
import { IconChartDots, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Page } from "@/components/page";
import { Spark } from "@/components/spark";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { Due } from "./due";
import { OverlapMatrix } from "./overlap";
import "./segment.css";
import { Unused } from "./unused";
import { usedIn } from "./uses";

type Row = Schemas["SegmentRow"];
type Tab = "list" | "overlap" | "review" | "unused";
const WEEKS = 13;

export function SegmentsPage() {
  const [address, setAddress] = useAddress();
  const due = useQuery(queries.segmentsDue());
  const overdue = due.data?.overdue ?? 0;
  const tabs: [Tab, string][] = [["list", "Segments"], ["overlap", "Overlap"], ["review", overdue ? `Review due, ${overdue}` : "Review"], ["unused", "Unused"]];
  const tab = tabs.find(([key]) => key === address.tab)?.[0] ?? "list";
  return (
    <Page title="Segments" purpose="Which groups do we keep, and are they still good?" actions={<Button component={Link} to="/segments/new" leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />}>New segment</Button>}>
      <Tabs label="Segments" tabs={tabs} chosen={tab} onChoose={(next) => setAddress({ tab: next === "list" ? undefined : next, one: undefined, other: undefined })} />
      {tab === "list" && <List due={due.data?.rows} />}
      {tab === "overlap" && <OverlapMatrix />}
      {tab === "review" && <Due />}
      {tab === "unused" && <Unused />}
    </Page>
  );
}

function List({ due }: { due?: Schemas["DueRow"][] }) {
  const query = useQuery(queries.segments());
  const trends = useQuery(queries.segmentTrends(WEEKS));
  const points = new Map(trends.data?.rows.map((row) => [row.key, row.points]));
  const reviews = new Map(due?.map((row) => [row.key, row]));
  return (
    <Loaded query={query} rows={8}>
      {({ rows }) => (
        <div className="ft-card">
          {rows.length === 0 ? (
            <Empty icon={IconChartDots} title="No segments yet" action={<Button component={Link} to="/segments/new">New segment</Button>}>
              A segment is a condition that is kept fresh, such as people who bought in the last 90 days. Build one here, or keep it as a file in the folder segments.
            </Empty>
          ) : <Rows rows={rows} points={points} reviews={reviews} />}
        </div>
      )}
    </Loaded>
  );
}

interface RowsProps { rows: Row[]; points: Map<string, Schemas["TrendPoint"][]>; reviews: Map<string, Schemas["DueRow"]> }

function Rows({ rows, points, reviews }: RowsProps) {
  const formats = useFormats();
  const trend = (row: Row) => (points.get(row.key) ?? []).map((point) => ({ value: point.people, low: null, high: null }));
  const columns: Column<Row>[] = [
    { name: "title", title: "Segment", width: "32%", cell: (row) => <><Link to="/segments/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{row.description ?? row.says}</span></> },
    { name: "members", title: "People", number: true, key: true, cell: (row) => <><b>{formats.count(row.members)}</b><span className="two">{formats.share(row.share)}</span></> },
    { name: "trend", title: `${WEEKS} weeks`, cell: (row) => (points.has(row.key) ? <Spark points={trend(row)} width={84} height={26} /> : <span className="ft-faint">–</span>) },
    { name: "churn", title: "Churn", number: true, cell: (row) => formats.probability(row.churn) },
    { name: "value", title: "Expected value", number: true, cell: (row) => formats.money(row.clv) },
    { name: "used", title: "Used in", cell: (row) => <span className="ft-muted">{usedIn(reviews.get(row.key)?.used_in)}</span> },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">nobody</span> },
    { name: "review", title: "Next review", number: true, cell: (row) => <Review row={reviews.get(row.key)} /> },
  ];
  return <Table label="Segments" rows={rows} rowKey={(row) => row.key} columns={columns} />;
}

function Review({ row }: { row?: Schemas["DueRow"] }) {
  const formats = useFormats();
  if (!row?.due) return <>–</>;
  return row.overdue ? <Badge tone="warn">Due since {formats.day(row.due)}</Badge> : <>{formats.day(row.due)}</>;
}
