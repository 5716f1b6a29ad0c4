import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { MessageRow } from "@/api/types";
import { PersonLink } from "@/components/person-link";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { messageName } from "./message-words";
import { Settle } from "./settle";

interface Props { page: number; chosen?: string; onPage: (page: number) => void }

/** Messages that a service may or may not have: somebody looks there and says so. */
export function InDoubt({ page, chosen, onPage }: Props) {
  const formats = useFormats();
  const query = useQuery(queries.messages({ state: "uncertain", page }));
  const all: Column<MessageRow>[] = [
    { name: "message", title: "Message", cell: (row) => <><Link to="/messages/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}>{messageName(row)}</Link><span className="two">{formats.due(row.at)} · {words(row.medium)} · <bdi>{row.address}</bdi></span></> },
    { name: "person", title: "Person", cell: (row) => (row.profile_id ? <PersonLink id={row.profile_id} name={row.person} /> : "–") },
    { name: "error", title: "What happened", cell: (row) => <span className="ft-muted">{row.error ?? "–"}</span> },
    { name: "settle", title: "What came of it", key: true, cell: (row) => <Settle row={row} small /> },
  ];
  const columns = chosen ? all.filter((column) => ["message", "settle"].includes(column.name)) : all;
  return (
    <Loaded query={query} rows={6}>
      {(found) => (
        <div className="ft-card">
          {found.rows.length === 0 ? (
            <Empty icon={IconCheck} title="No message is in doubt">A message stands here where the connection was lost after it was handed over, so that nobody knows whether the service has it.</Empty>
          ) : (
            <>
              <p className="ft-note" data-tone="warn">The service may have these, or not. Look for them there, by the address and the time, and say what you found. Nothing is sent twice by itself.</p>
              <Table label="Messages in doubt" columns={columns} rows={found.rows} rowKey={(row) => row.message_id} chosen={chosen} />
              <Pager page={page} total={found.total} what="messages" onPage={onPage} />
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}
