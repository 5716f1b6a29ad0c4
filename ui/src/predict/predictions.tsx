import { IconTrendingUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";

type Row = Schemas["PredictionRow"];

export function Trust({ row }: { row: Pick<Row, "trained_as_of" | "calibrated" | "unit"> }) {
  if (!row.trained_as_of) return <Badge tone="warn">Not trained yet</Badge>;
  if (row.calibrated === null) return <Badge>{row.unit === "money" ? "Value" : "Not judged"}</Badge>;
  return row.calibrated ? <Badge tone="good">Calibrated</Badge> : <Badge tone="warn">Use the ranking only</Badge>;
}

export function PredictionsPage() {
  const formats = useFormats();
  const query = useQuery(queries.predictions());
  return (
    <Page title="Predictions" purpose="What do we foresee, and how well?">
      <Loaded query={query} rows={6}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0 ? <Empty icon={IconTrendingUp} title="No predictions yet">Foresee who leaves, what people spend or when they order next. Write one in the folder predictions and train it.</Empty> : (
              <Table
                label="Predictions"
                rows={rows}
                rowKey={(row) => row.key}
                columns={[
                  { name: "title", title: "Prediction", cell: (row) => <><Link to="/predictions/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{row.question}</span></> },
                  { name: "mean", title: "Mean now", number: true, key: true, cell: (row) => { const one = row.scores[0]; return <b>{one ? (row.unit === "money" ? formats.money(one.mean) : formats.share(one.mean, one.people)) : "Not yet"}</b>; } },
                  { name: "interval", title: "Mean interval", number: true, cell: (row) => { const one = row.scores[0]; return <span className="ft-muted">{one ? formats.interval(one.low, one.high, row.unit) : "–"}</span>; } },
                  { name: "people", title: "People scored", number: true, cell: (row) => formats.count(row.scores[0]?.people) },
                  { name: "horizon", title: "Ahead", cell: (row) => row.horizons.map(spanOf).join(", ") },
                  { name: "trained", title: "Trained on data to", number: true, cell: (row) => formats.day(row.trained_as_of) },
                  { name: "trust", title: "Trust", cell: (row) => <Trust row={row} /> },
                ]}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}
