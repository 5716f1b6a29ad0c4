import { IconTargetArrow } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";

export function KpisPage() {
  const formats = useFormats();
  const query = useQuery(queries.kpis());
  return (
    <Page title="KPIs" purpose="Are we on course?">
      <Loaded query={query} rows={10}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0 ? <Empty icon={IconTargetArrow} title="No KPIs yet">A KPI is a number over time with its definition. Write one in the folder kpis and apply it.</Empty> : (
              <Table
                label="KPIs"
                rows={rows}
                rowKey={(row) => row.key}
                columns={[
                  { name: "title", title: "KPI", cell: (row) => <><Link to="/kpis/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{row.description}</span></> },
                  { name: "measure", title: "Counted", cell: (row) => (row.measure === "stock" ? "at an instant" : "over a period") },
                  { name: "direction", title: "Good way", cell: (row) => row.direction },
                  { name: "target", title: "Target", number: true, key: true, cell: (row) => formats.byUnit(row.target, row.unit) },
                  { name: "origin", title: "Comes from", cell: (row) => row.origin },
                ]}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}
