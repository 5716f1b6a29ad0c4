import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Section } from "@/components/panel";
import { Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

const SHOWN = 5;

/** What a channel gave up or refused, and another try. */
export function DeadLetters({ channel, count }: { channel: string; count: number }) {
  const formats = useFormats();
  const [asking, setAsking] = useState(false);
  const query = useQuery({ ...queries.deadLetters({ channel }), enabled: count > 0 });
  if (count === 0) return <Section title="Given up"><p className="ft-muted">Nothing. What is refused, or fails at every try, stands here.</p></Section>;
  return (
    <Section title={`Given up: ${formats.count(count)}`}>
      <Loaded query={query} rows={3}>
        {({ rows }) => (
          <ul style={{ listStyle: "none", margin: 0, padding: 0, display: "grid", gap: 8, overflowWrap: "anywhere" }}>
            {rows.slice(0, SHOWN).map((row) => (
              <li key={row.message_id}><Link to="/messages/$id" params={{ id: row.message_id }}>{row.address}</Link> <span className="two">{row.failure === "transient" ? `every try failed, ${row.attempts} of them` : "refused"} · {row.error}</span></li>
            ))}
          </ul>
        )}
      </Loaded>
      <div className="ft-actions"><Button variant="default" onClick={() => setAsking(true)}>Try them again</Button></div>
      {asking && <Again channel={channel} count={count} onClose={() => setAsking(false)} />}
    </Section>
  );
}

function Again({ channel, count, onClose }: { channel: string; count: number; onClose: () => void }) {
  const client = useQueryClient();
  const formats = useFormats();
  const say = useToast();
  const trying = useMutation({
    mutationFn: () => post<Schemas["DeadReplayed"]>("dead-letters/replay", { channel }),
    onSuccess: (found) => {
      void client.invalidateQueries();
      const refused = Object.entries(found.refused).map(([reason, number]) => `${formats.count(number)} may not go: ${words(reason).toLowerCase()}`);
      say([`${formats.count(found.queued + found.deferred)} are sent again`, ...refused].join(" · "));
      onClose();
    },
  });
  return (
    <Confirm
      opened title={`Try ${formats.count(count)} messages again?`} consequences={[["Messages", formats.count(count)], ["Asked again", "consent, suppression, caps and quiet hours"], ["Already sent", "stays so: nothing goes twice"]]}
      undo="What the service takes cannot be called back." verb="Try them again" keep="Leave them" busy={trying.isPending} error={trying.error ?? undefined}
      onConfirm={() => trying.mutate()} onClose={onClose}
    />
  );
}
