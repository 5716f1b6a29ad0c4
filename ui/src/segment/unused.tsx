import { IconChartDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { usedIn } from "./uses";

/** Segments that nothing goes by. */
export function Unused() {
  const formats = useFormats();
  const query = useQuery(queries.segmentsUnused());
  return (
    <Loaded query={query} rows={6}>
      {({ rows }) => (
        <div className="ft-card">
          {rows.length === 0 ? <Empty icon={IconChartDots} title="Every segment is used">Each is named by a journey, an audience, a measure or another document that is in use.</Empty> : (
            <Table
              label="Unused segments" rows={rows} rowKey={(row) => row.key}
              columns={[
                { name: "title", title: "Segment", cell: (row) => <><Link to="/segments/$key" params={{ key: row.key }} search={{ tab: "review" } as never}>{row.title}</Link>{row.only_in.length > 0 && <span className="two">named by {usedIn(row.only_in)}, which nobody uses either</span>}</> },
                { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">nobody</span> },
                { name: "people", title: "People", number: true, key: true, cell: (row) => formats.count(row.people) },
              ]}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}
