import { Button } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

type Letter = Schemas["DeadLetters"]["rows"][number];
interface Props { page: number; chosen?: string; onPage: (page: number) => void }

/** Messages that were refused or failed at every try, of all channels, and another try. */
export function GivenUp({ page, chosen, onPage }: Props) {
  const formats = useFormats();
  const [asked, setAsked] = useState<string[] | null>(null);
  const query = useQuery(queries.deadLetters({ page }));
  const all: Column<Letter>[] = [
    { name: "message", title: "Message", cell: (row) => <><Link to="/messages/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}>{words(row.template)}</Link><span className="two">{formats.due(row.at)} · {words(row.channel)} · <bdi>{row.address}</bdi></span></> },
    { name: "why", title: "Why", cell: (row) => <>{row.failure === "transient" ? `Every try failed, ${formats.plural(row.attempts, "try", "tries")}` : "Refused"}<span className="two">{row.error}</span></> },
    { name: "ended", title: "Given up", cell: (row) => <span className="ft-muted">{row.ended_at ? formats.due(row.ended_at) : "–"}</span> },
    { name: "again", title: "Another try", key: true, cell: (row) => <Button variant="default" size="compact-sm" aria-label={`Try again: ${words(row.template)} to ${row.address}`} onClick={() => setAsked([row.message_id])}>Try again</Button> },
  ];
  const columns = chosen ? all.filter((column) => ["message", "again"].includes(column.name)) : all;
  return (
    <Loaded query={query} rows={6}>
      {(found) => (
        <div className="ft-card">
          {found.rows.length === 0 ? (
            <Empty icon={IconCheck} title="No message was given up">A message stands here where a service refused it, or where every try failed.</Empty>
          ) : (
            <>
              <div className="ft-titleline" style={{ padding: "10px 14px" }}>
                <span className="ft-muted grow">Mend what the reason says, then let them try again.</span>
                <Button variant="default" onClick={() => setAsked([])}>Try all again</Button>
              </div>
              <Table label="Messages that were given up" columns={columns} rows={found.rows} rowKey={(row) => row.message_id} chosen={chosen} />
              <Pager page={page} total={found.total} what="messages" onPage={onPage} />
              {asked && <Again ids={asked} count={asked.length || found.total} onClose={() => setAsked(null)} />}
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}

function Again({ ids, count, onClose }: { ids: string[]; count: number; onClose: () => void }) {
  const client = useQueryClient();
  const formats = useFormats();
  const say = useToast();
  const trying = useMutation({
    mutationFn: () => post<Schemas["DeadReplayed"]>("dead-letters/replay", { ids }),
    onSuccess: (found) => {
      void client.invalidateQueries();
      const refused = Object.entries(found.refused).map(([reason, number]) => `${formats.count(number)} may not go: ${words(reason).toLowerCase()}`);
      say([`${formats.plural(found.queued + found.deferred, "message is", "messages are")} sent again`, ...refused].join(" · "));
      onClose();
    },
  });
  return (
    <Confirm
      opened title={`Try ${formats.plural(count, "message", "messages")} again?`}
      consequences={[["Messages", formats.count(count)], ["Asked again", "consent, suppression, caps and quiet hours"], ["Already sent", "stays so: nothing goes twice"]]}
      undo="What a service takes cannot be called back." verb="Try again" keep="Leave them" busy={trying.isPending} error={trying.error ?? undefined}
      onConfirm={() => trying.mutate()} onClose={onClose}
    />
  );
}
