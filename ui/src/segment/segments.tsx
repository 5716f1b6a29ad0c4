import { IconChartDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";

export function SegmentsPage() {
  const formats = useFormats();
  const query = useQuery(queries.segments());
  return (
    <Page title="Segments" purpose="Which groups do we keep, and how large are they now?">
      <Loaded query={query} rows={8}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0 ? (
              <Empty icon={IconChartDots} title="No segments yet">A segment is a condition that is kept fresh, such as people who bought in the last 90 days. Write one in the folder segments and apply it.</Empty>
            ) : (
              <Table
                label="Segments"
                rows={rows}
                rowKey={(row) => row.key}
                columns={[
                  { name: "title", title: "Segment", cell: (row) => <><Link to="/segments/$key" params={{ key: row.key }}>{row.title}</Link>{row.description && <span className="two">{row.description}</span>}</> },
                  { name: "says", title: "Who is in it", cell: (row) => <span className="ft-muted">{row.says}</span> },
                  { name: "members", title: "People", number: true, key: true, cell: (row) => <b>{formats.count(row.members)}</b> },
                  { name: "share", title: "Share", number: true, cell: (row) => formats.share(row.share) },
                  { name: "owner", title: "Owner", cell: (row) => row.owner ?? "–" },
                  { name: "review", title: "Next review", number: true, cell: (row) => formats.day(row.review) },
                ]}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}
