import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/types";
import { Badge, Card } from "@/components/page";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { ACTIONS } from "./codes";

type Field = Schemas["PlannedFieldBody"];
const NOTABLE = 12;

/** A plan: its events, each with its fields. */
export function PlanCard({ plan }: { plan: Schemas["PlanBody"] }) {
  const formats = useFormats();
  const told = [plan.sources.length ? `of ${plan.sources.join(", ")}` : "of every source", plan.owner ? `owner ${plan.owner}` : "no owner", plan.file].join(" · ");
  return (
    <Card title={plan.key} side={told}>
      <p className="ft-muted" style={{ padding: "0 14px 10px" }}>
        {plan.description ? `${plan.description} ` : ""}A violation is: {ACTIONS[plan.on_violation]?.toLowerCase()}. What the plan does not name is: {ACTIONS[plan.unplanned]?.toLowerCase()}.
      </p>
      {plan.events.map((event) => (
        <details key={event.event} className="ft-event" open={plan.events.length <= NOTABLE || event.violations > 0}>
          <summary>
            <b>{event.event || "Traits of people"}</b>
            {event.description && <span className="ft-muted ft-small">{event.description}</span>}
            <span className="grow" />
            <span className="ft-muted ft-small">{formats.plural(event.fields.length, "field", "fields")}</span>
            {event.violations > 0 && <Badge tone="warn">{formats.plural(event.violations, "violation", "violations")}</Badge>}
          </summary>
          {event.fields.length > 0 ? <Fields label={event.event || "Traits of people"} fields={event.fields} /> : <p className="ft-muted" style={{ padding: "0 14px 12px" }}>No field is named; its properties are not held against anything.</p>}
        </details>
      ))}
    </Card>
  );
}

function Fields({ label, fields }: { label: string; fields: Field[] }) {
  const formats = useFormats();
  const columns: Column<Field>[] = [
    { name: "field", title: "Field", width: "24%", cell: (row) => <><span className="ft-fieldname">{row.field}</span><span className="two">{[row.description, ...row.rules].filter(Boolean).join(" · ")}</span></> },
    { name: "type", title: "Type", cell: (row) => row.types.join(" or ") || "any" },
    { name: "required", title: "Required", cell: (row) => (row.required ? "yes" : <span className="ft-muted">no</span>) },
    { name: "owner", title: "Owner", cell: (row) => row.owner ? <>{row.owner} <span className="ft-muted">{row.owner_type}</span></> : <span className="ft-warn">nobody</span> },
    { name: "pii", title: "Personal data", cell: (row) => (row.pii && row.pii !== "none" ? <Badge tone="accent">{row.pii}</Badge> : <span className="ft-muted">none</span>) },
    { name: "standard", title: "Normal form", cell: (row) => row.standard ?? <span className="ft-muted">as it comes</span> },
    { name: "action", title: "A violation is", cell: (row) => <span className="ft-muted">{ACTIONS[row.on_violation]?.toLowerCase()}</span> },
    { name: "violations", title: "Violations", number: true, key: true, cell: (row) => (row.violations ? <Link to="/tracking" search={{ tab: "violations", field: row.field } as never}>{formats.count(row.violations)}</Link> : "0") },
  ];
  return <Table label={`Fields: ${label}`} columns={columns} rows={fields} rowKey={(row) => row.field} />;
}
