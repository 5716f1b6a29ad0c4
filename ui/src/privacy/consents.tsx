import { IconCheckbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Page, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { basisOf, purposeOf } from "./words";

type Row = Schemas["PurposeRows"]["rows"][number];

/** For what people are asked, on which ground, and how many said what. */
export function ConsentsPage() {
  const [address, setAddress] = useAddress();
  const query = useQuery(queries.purposes());
  return (
    <Page title="Consent" purpose="What people agreed to, on which ground we act, and what the preference page shows.">
      <Loaded query={query} rows={8}>
        {(body) => {
          const chosen = body.rows.find((one) => one.name === address.purpose);
          return (
            <div className="ft-panelgrid" data-open={Boolean(chosen)}>
              <div className="ft-card">
                {body.rows.length === 0
                  ? <Empty icon={IconCheckbox} title="No purposes yet">Write consents/purposes.yaml with what people are asked and on which ground, or let the first consent arrive.</Empty>
                  : <Purposes rows={body.rows} chosen={chosen?.name} onChoose={(purpose) => setAddress({ purpose })} />}
              </div>
              {chosen && <PurposePanel key={chosen.name} row={chosen} onClose={() => setAddress({ purpose: undefined })} />}
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Purposes({ rows, chosen, onChoose }: { rows: Row[]; chosen?: string; onChoose: (name: string) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "purpose", title: "Purpose", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(row.name)}>{row.title === row.name ? purposeOf(row.name) : row.title}</button>{row.title !== row.name && <span className="two">{purposeOf(row.name)}</span>}</> },
    { name: "basis", title: "Ground", cell: (row) => <>{basisOf(row.basis)}{row.double_opt_in && <span className="two">with confirmation</span>}</> },
    { name: "denied", title: "Refused", number: true, cell: (row) => formats.count(row.denied) },
    { name: "expired", title: "Lapsed", number: true, cell: (row) => formats.count(row.expired) },
    { name: "pending", title: "To confirm", number: true, cell: (row) => formats.count(row.pending) },
    { name: "none", title: "No word", number: true, cell: (row) => <span className="ft-muted">{formats.count(row.none)}</span> },
    { name: "granted", title: "Agreed", number: true, key: true, cell: (row) => formats.count(row.granted) },
  ];
  const columns = chosen ? all.filter((column) => ["purpose", "granted"].includes(column.name)) : all;
  return <Table label="Purposes" columns={columns} rows={rows} rowKey={(row) => row.name} chosen={chosen} />;
}

function PurposePanel({ row, onClose }: { row: Row; onClose: () => void }) {
  const formats = useFormats();
  const spoke = row.granted + row.denied + row.expired;
  const ask = row.basis === "consent";
  return (
    <Panel title={row.title === row.name ? purposeOf(row.name) : row.title} badge={<Badge tone={ask ? "accent" : undefined}>{basisOf(row.basis)}</Badge>} onClose={onClose}>
      <Section>
        <p className="ft-muted" style={{ marginBottom: 10 }}>{ask ? "Nobody is reached for this without having agreed." : row.basis === "legitimate_interest" ? "Done unless the person objects; an objection counts within one run." : "Needs no word of the person."}</p>
        <Pairs left rows={[
          ["Name", <span key="n" className="ft-mono">{row.name}</span>], ["Agreed", spoke ? `${formats.count(row.granted)} of ${formats.count(spoke)} who spoke` : "nobody spoke yet"],
          ["Confirmation", row.double_opt_in ? "by a link in a message" : "not asked"], ["Lapses", row.expires_after ? `${spanOf(row.expires_after)} after it was given` : "never"],
          ["Preference page", row.on_page ? "shown" : "not shown"], ["Described", row.described ? "in the consent document" : "as usual; no document names it"],
        ]} />
      </Section>
      {row.text && <Section title={`Wording ${row.wording ?? ""}`}><blockquote className="ft-note">{row.text}</blockquote></Section>}
      <Section title="Who?"><p className="ft-muted">A segment with the condition <span className="ft-mono">{`{consent: ${row.name}}`}</span> holds those who agreed. <Link to="/segments">Segments</Link></p></Section>
    </Panel>
  );
}
