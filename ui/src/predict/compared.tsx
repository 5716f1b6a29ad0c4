import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { spanOf } from "@/formats/span";
import { nameOfMetric } from "./quality";

type Row = Schemas["DifferenceRow"];
const PARTS = [["metrics", "How good"], ["drivers", "What drives it"], ["window", "What it learnt from"], ["settings", "Settings"]] as const;

/** What differs between two trainings, the older first. */
export function Compared({ prediction, runs }: { prediction: string; runs: [number, number] }) {
  const formats = useFormats();
  const [older, newer] = runs.toSorted((one, other) => one - other) as [number, number];
  const query = useQuery(queries.predictionComparison(prediction, older, newer));
  return (
    <Card title="Side by side" side={`training ${formats.count(older)} and training ${formats.count(newer)}`} line>
      <Loaded query={query} rows={5}>
        {(found) => {
          const rows = PARTS.flatMap(([part, title]) => found[part].map((row) => ({ ...row, part: title })));
          if (rows.length === 0) return <p className="ft-body ft-muted" style={{ paddingTop: 12 }}>Nothing differs between them.</p>;
          return (
            <>
              <Table
                label="Two trainings" rows={rows} rowKey={(row) => `${row.part} ${row.horizon} ${row.what}`}
                columns={[
                  { name: "what", title: "What", cell: (row) => <>{nameOfMetric(row.what)}{row.horizon && <span className="ft-muted">, {spanOf(row.horizon)}</span>}<span className="two">{row.part}</span></> },
                  { name: "a", title: `Training ${formats.count(older)}`, number: true, cell: (row) => said(row.a, formats) },
                  { name: "b", title: `Training ${formats.count(newer)}`, number: true, key: true, cell: (row) => <b>{said(row.b, formats)}</b> },
                ]}
              />
              <p className="ft-faint ft-small" style={{ padding: "8px 14px 12px" }}>Each was judged on its own latest window: a difference can lie in the season as much as in the model.</p>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function said(value: Row["a"], formats: Formats): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return formats.number(value, Number.isInteger(value) ? 0 : 4);
  if (typeof value === "string") return /^\d{4}-\d{2}-\d{2}T/.test(value) ? formats.instant(value) : value;
  return typeof value === "boolean" ? (value ? "yes" : "no") : JSON.stringify(value);
}
