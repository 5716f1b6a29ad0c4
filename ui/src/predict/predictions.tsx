import { Button } from "@mantine/core";
import { IconPlus, IconTrendingUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { scoresIn } from "@/formats/scores";
import { spanOf } from "@/formats/span";
import { Moved } from "./checks";
import { OFFERS } from "./draft";
import "./predict.css";

type Row = Schemas["PredictionRow"];

export function Trust({ row }: { row: Pick<Row, "trained_as_of" | "calibrated" | "unit"> }) {
  if (!row.trained_as_of) return <Badge tone="warn">Not trained yet</Badge>;
  if (row.calibrated === null) return <Badge>{row.unit === "probability" ? "Not judged" : "Value"}</Badge>;
  return row.calibrated ? <Badge tone="good">Calibrated</Badge> : <Badge tone="warn">Use the ranking only</Badge>;
}

export function PredictionsPage() {
  const formats = useFormats();
  const query = useQuery(queries.predictions());
  return (
    <Page
      title="Predictions" purpose="What do we foresee, and how well?"
      actions={<Button component={Link} to="/predictions/new" leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />}>New prediction</Button>}
    >
      <Loaded query={query} rows={6}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0 ? <Nothing /> : (
              <Table
                label="Predictions"
                rows={rows}
                rowKey={(row) => row.key}
                columns={[
                  { name: "title", title: "Prediction", cell: (row) => <><Link to="/predictions/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{row.question}</span></> },
                  { name: "mean", title: "Mean now", number: true, key: true, cell: (row) => { const one = row.scores[0]; return <b>{one ? scoresIn(row.unit, formats).mean(one.mean, one.people) : "Not yet"}</b>; } },
                  { name: "people", title: "People scored", number: true, cell: (row) => formats.count(row.scores[0]?.people) },
                  { name: "horizon", title: "Ahead", cell: (row) => row.horizons.map(spanOf).join(", ") },
                  { name: "trained", title: "Trained on data to", number: true, cell: (row) => formats.day(row.trained_as_of) },
                  { name: "moved", title: "Since then", cell: (row) => (row.trained_as_of ? <Moved prediction={row.key} /> : "–") },
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

function Nothing() {
  return (
    <>
      <Empty icon={IconTrendingUp} title="No predictions yet">Foresee who leaves, what people spend or when they order next. Begin with one of these; every part can be changed.</Empty>
      <div className="ft-offers ft-body">
        {Object.entries(OFFERS).map(([name, offer]) => <Link key={name} to="/predictions/new" search={{ from: name } as never} className="ft-cell"><b style={{ fontSize: "0.8125rem" }}>{offer.title}</b><span className="ft-muted">{offer.says}</span></Link>)}
      </div>
    </>
  );
}
