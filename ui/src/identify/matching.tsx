import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Strip } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

/** What matching learnt, without labels, and what came of it. */
export function Matching() {
  const query = useQuery(queries.matching());
  return <Loaded query={query} rows={4}>{(body) => <Told body={body} />}</Loaded>;
}

function Told({ body }: { body: Schemas["Matching"] }) {
  const formats = useFormats();
  const { model, counts } = body;
  const [open, setOpen] = useState(false);
  if (!model) {
    return (
      <Card title="How are likely pairs found?">
        <p className="ft-body ft-muted">{body.configured ? "Nothing is learnt yet. It happens with the next run, once there are records to compare." : "Matching is off. Add a matching block to identity/people.yaml, or run foretell profile match --dry-run to see what it would find."}</p>
      </Card>
    );
  }
  return (
    <>
      <Strip facts={[
        { label: "Joined by itself", value: formats.count(counts.joined ?? 0), note: `from ${formats.probability(model.join_from)} on` },
        { label: "Waiting", value: formats.count(counts.waiting ?? 0), note: `from ${formats.probability(model.review_from)} on` },
        { label: "People said: same", value: formats.count(counts.same ?? 0) },
        { label: "People said: two", value: formats.count(counts.different ?? 0) },
        { label: "Expected to be right", value: formats.share(model.expected_precision), note: "of the pairs joined by itself" },
      ]} />
      <Card title="What was learnt?" side={`${formats.plural(model.records, "record", "records")}, ${formats.instant(model.trained_at)}`} line>
        <p className="ft-body ft-muted">Learnt from the records themselves, without labels. A weight says how far agreement speaks for one person, in bits.</p>
        <Levels model={model} all={open} />
        <div className="ft-body"><button type="button" className="ft-link" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Show the strongest alone" : "Show every level"}</button></div>
      </Card>
    </>
  );
}

function Levels({ model, all }: { model: Schemas["MatchModel"]; all: boolean }) {
  const formats = useFormats();
  const rows = model.fields.flatMap((field) => (all ? field.levels : field.levels.slice(0, 1)).map((level) => ({ field: field.field, ...level })));
  return (
    <Table
      label="What was learnt" rows={rows} rowKey={(row) => `${row.field} ${row.level}`}
      columns={[
        { name: "field", title: "Field", cell: (row) => <>{words(row.field)}<span className="two">{row.level}{!row.learnt && ", as usual: nothing to learn from"}</span></> },
        { name: "m", title: "Of one person’s pairs", number: true, cell: (row) => formats.share(row.m) },
        { name: "u", title: "Of two people’s pairs", number: true, cell: (row) => (row.u < 0.001 ? `under ${formats.share(0.001)}` : formats.share(row.u)) },
        { name: "weight", title: "Weight", number: true, key: true, cell: (row) => formats.number(row.weight, 1) },
      ]}
    />
  );
}
