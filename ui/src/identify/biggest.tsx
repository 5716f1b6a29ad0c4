import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { PersonLink } from "@/components/person-link";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { kindOf } from "./why";

/** The profiles into which most went: where wrong merges show first. */
export function Biggest() {
  const formats = useFormats();
  const query = useQuery(queries.biggestProfiles());
  return (
    <Loaded query={query} rows={10}>
      {(body) => (
        <div className="ft-card">
          {body.rows.length === 0 ? <Empty icon={IconUsers} title="Nobody yet">Import a file or send the first event; profiles made of many identifiers show here.</Empty> : (
            <Table
              label="Biggest profiles" rows={body.rows} rowKey={(row) => row.profile_id}
              columns={[
                { name: "person", title: "Person", cell: (row) => <><PersonLink id={row.profile_id} /><span className="two">{Object.entries(row.by_kind).map(([kind, count]) => `${formats.count(count)} ${kindOf(kind)}`).join(", ")}</span></> },
                { name: "nodes", title: "Profiles in it", number: true, cell: (row) => formats.count(row.nodes) },
                { name: "identifiers", title: "Identifiers", number: true, key: true, cell: (row) => formats.count(row.identifiers) },
              ]}
            />
          )}
        </div>
      )}
    </Loaded>
  );
}
