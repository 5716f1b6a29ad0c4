import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { address } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Pairs } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { spanOf } from "@/formats/span";

/** The record of processing activities (GDPR, Article 30), made from what the workspace really does. */
export function Record() {
  const query = useQuery(queries.record());
  return <Loaded query={query} rows={8}>{(told) => <Told told={told} />}</Loaded>;
}

function Told({ told }: { told: Schemas["Record"] }) {
  return (
    <>
      <Card title="Who answers?" side={<Button component="a" variant="default" size="xs" href={address("privacy/record.md")} download="record-of-processing.md" leftSection={<IconDownload size={14} stroke={1.7} aria-hidden />}>Download the record</Button>}>
        <div className="ft-body"><Pairs left rows={[["Controller", told.controller || "not named: privacy.controller in foretell.yaml"], ["Data protection officer", told.officer || "not named: privacy.officer in foretell.yaml"], ["Age of consent", `${told.age_of_consent} years`]]} /></div>
      </Card>
      <Card title="For what, and on which ground?">
        <Table label="Purposes and grounds" rows={told.purposes} rowKey={(row) => row.name} columns={[{ name: "purpose", title: "Purpose", cell: (row) => <>{row.title}<span className="two ft-mono">{row.name}</span></> }, { name: "ground", title: "Ground", key: true, cell: (row) => row.basis }]} />
      </Card>
      <Card title="Which data?">
        {told.data.length === 0 ? <p className="ft-body ft-muted">No tracking plan or own table names a class of personal data yet.</p> : <div className="ft-body"><Pairs left rows={told.data.map((one): [string, string] => [one.category, one.fields.join(", ")])} /></div>}
      </Card>
      <Card title="Who receives them?">
        {told.recipients.length === 0 ? <p className="ft-body ft-muted">Nobody: no channel or audience is set up.</p> : <Table label="Recipients" rows={told.recipients} rowKey={(row) => `${row.kind} ${row.key}`} columns={[{ name: "who", title: "Recipient", cell: (row) => <>{row.key}<span className="two">{row.kind}</span></> }, { name: "what", title: "Who that is", key: true, cell: (row) => row.who }]} />}
      </Card>
      <Card title="How long?">
        <div className="ft-body">{told.retention.length > 0 && <Pairs left rows={told.retention.map((one): [string, string] => [one.what ?? "", spanOf(one.keep ?? "")])} />}<p className="ft-muted">{told.kept_without_rule}</p></div>
      </Card>
      <Card title="How is it protected?"><ul className="ft-body" style={{ display: "grid", gap: 6 }}>{told.measures.map((one) => <li key={one}>{one}</li>)}</ul></Card>
    </>
  );
}
