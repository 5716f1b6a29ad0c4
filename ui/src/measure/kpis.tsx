import { useMediaQuery } from "@mantine/hooks";
import { IconTargetArrow } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Move } from "@/components/move";
import { Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { intervalWords } from "./interval-words";

type Row = Schemas["KpiRow"];

export function KpisPage() {
  const query = useQuery(queries.kpis());
  return (
    <Page title="KPIs" purpose="Are we on course?">
      <Loaded query={query} rows={10} what="Reading every KPI">{(kpis) => <List kpis={kpis} />}</Loaded>
    </Page>
  );
}

function List({ kpis }: { kpis: Schemas["Kpis"] }) {
  const columns = useColumns(kpis.level);
  return (
    <div className="ft-card">
      {kpis.rows.length === 0 ? (
        <Empty icon={IconTargetArrow} title="No KPIs yet">A KPI is a number over time with its definition. Write one in the folder kpis and apply it.</Empty>
      ) : (
        <>
          <Table label="KPIs" rows={kpis.rows} rowKey={(row) => row.key} columns={columns} />
          <div className="ft-foot">Values are of the last whole month, or of the latest reading; changes are against the one before.</div>
        </>
      )}
    </div>
  );
}

function useColumns(level: number): Column<Row>[] {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const interval = (row: Row) => intervalWords(row, row.unit, formats);
  const period = (row: Row) => (row.period ? formats.period(row.period) : words(row.reason || "not yet"));
  return [
    { name: "title", title: "KPI", cell: (row) => <><Link to="/kpis/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{phone ? `${period(row)}${row.value === null ? "" : ` · ${interval(row)}`}` : row.description}</span></> },
    { name: "value", title: "Value", number: true, key: true, cell: (row) => (row.value === null ? <span className="ft-muted">Not yet</span> : <b>{formats.byUnit(row.value, row.unit)}</b>) },
    { name: "interval", title: `${formats.share(level, 1)} interval`, number: true, cell: (row) => <span className="ft-muted">{interval(row)}</span> },
    { name: "period", title: "Of", number: true, cell: (row) => <span className="ft-muted">{period(row)}</span> },
    { name: "change", title: "Change", cell: (row) => <ChangeCell row={row} /> },
    { name: "target", title: "Target", number: true, cell: (row) => formats.byUnit(row.target, row.unit) },
    { name: "origin", title: "Comes from", cell: (row) => row.origin },
  ];
}

function ChangeCell({ row }: { row: Row }) {
  const formats = useFormats();
  if (row.change === null) return <>–</>;
  return (
    <Move change={row.change} better={row.better} real={row.real ?? row.exact}>
      {`${row.change === 0 ? "unchanged" : formats.change(row.change, row.unit)}${row.real === false ? ", may be chance" : ""}`}
    </Move>
  );
}
