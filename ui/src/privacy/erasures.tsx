import { IconCertificate } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { address } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { stepOf } from "./words";

type Row = Schemas["ErasureRow"];

/** Erasures with how far they are, and their certificates. */
export function Erasures() {
  const formats = useFormats();
  const query = useQuery(queries.erasures());
  return (
    <Loaded query={query} rows={6}>
      {({ rows }) => (
        <div className="ft-card">
          {rows.length === 0 ? <Empty icon={IconCertificate} title="Nobody was erased yet">An erasure removes a person from every store, file and back-up, and leaves a certificate that names nobody.</Empty> : (
            <Table
              label="Erasures" rows={rows} rowKey={(row) => row.erasure}
              columns={[
                { name: "erasure", title: "Erasure", cell: (row) => <><span className="ft-mono">{row.erasure}</span><span className="two">by {row.by}{row.requests.length > 0 && `, for ${formats.plural(row.requests.length, "request", "requests")}`}</span></> },
                { name: "begun", title: "Begun", cell: (row) => <span className="ft-muted">{formats.instant(row.begun_at)}</span> },
                { name: "certificate", title: "Certificate", cell: (row) => (row.certificate ? <a href={address(`privacy/erasures/${encodeURIComponent(row.erasure)}/certificate.html`)} target="_blank" rel="noreferrer">Open the certificate</a> : <span className="ft-muted">when it is done</span>) },
                { name: "state", title: "State", key: true, cell: (row) => <Progress row={row} /> },
              ]}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}

function Progress({ row }: { row: Row }) {
  if (row.done_at) return <Badge tone="good">Done</Badge>;
  const at = row.steps.indexOf(row.state) + 1;
  return <Badge tone="accent">{stepOf(row.state)}, {at} of {row.steps.length}</Badge>;
}
