import { IconChartDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { DECISIONS } from "./decisions";
import { usedIn } from "./uses";

type Row = Schemas["DueRow"];

/** When each segment is to be looked at again, the earliest first. */
export function Due() {
  const formats = useFormats();
  const query = useQuery(queries.segmentsDue());
  const columns: Column<Row>[] = [
    { name: "title", title: "Segment", width: "30%", cell: (row) => <><Link to="/segments/$key" params={{ key: row.key }} search={{ tab: "review" } as never}>{row.title}</Link><span className="two">{row.owner ?? "nobody answers for it"}</span></> },
    { name: "due", title: "Next review", key: true, cell: (row) => (row.due === null ? <span className="ft-muted">not in force</span> : row.overdue ? <Badge tone="warn">Due since {formats.day(row.due)}</Badge> : <>{formats.day(row.due)}</>) },
    { name: "every", title: "Every", cell: (row) => spanOf(row.every) },
    { name: "last", title: "Last looked at", cell: (row) => (row.last ? <>{formats.day(row.last.at)}<span className="two">{DECISIONS[row.last.decision]} · {row.last.by}</span></> : <span className="ft-muted">never</span>) },
    { name: "then", title: "People then", number: true, cell: (row) => formats.count(row.last?.people) },
    { name: "used", title: "Used in", cell: (row) => <span className="ft-muted">{usedIn(row.used_in)}</span> },
  ];
  return (
    <Loaded query={query} rows={8}>
      {({ rows }) => (
        <div className="ft-card">
          {rows.length === 0 ? <Empty icon={IconChartDots} title="Nothing to review yet">Every segment is looked at again after a quarter, or as its document says: is it still the group that was meant?</Empty> : <Table label="Reviews" rows={rows} rowKey={(row) => row.key} columns={columns} />}
        </div>
      )}
    </Loaded>
  );
}
