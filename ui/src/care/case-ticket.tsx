import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Pairs, type Tone } from "@/components/page";
import { Section } from "@/components/panel";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { useChange, type Body } from "./use-change";

const TONES: Record<string, Tone> = { synced: "good", failed: "bad", deleted: "bad", merged: "warn", withheld: "warn" };
const desk = (name: string | null | undefined) => (name ? words(name) : "Help desk");

/** The case's ticket at the help desk, and how both stand. */
export function TicketSection({ body, name }: { body: Body; name: string | null | undefined }) {
  const formats = useFormats();
  const again = useChange<object>(body, "/sync", "The help desk is told in the next round.");
  const { ticket } = body;
  if (!ticket) return null;
  return (
    <Section title={desk(name)}>
      <Pairs
        rows={[
          ["Ticket", ticket.url && ticket.ticket_id ? <a key="ticket" href={ticket.url} target="_blank" rel="noreferrer">{ticket.ticket_id}</a> : "not made yet"],
          ["State", <Badge key="state" tone={TONES[ticket.state]}>{words(ticket.state)}</Badge>],
          ["In step since", formats.instant(ticket.synced_at)],
          ...(ticket.error ? [["Why", ticket.error] as [string, string]] : []),
        ]}
      />
      {ticket.state !== "synced" && ticket.state !== "waiting" && (
        <div className="ft-actions"><Button size="xs" variant="default" loading={again.isPending} onClick={() => again.mutate({})}>{ticket.state === "failed" ? "Tell it again" : "Make a new ticket"}</Button></div>
      )}
      {again.isError && <Failed error={again.error} />}
    </Section>
  );
}

/** What is wrong with the help desk, where something is. */
export function DeskNote() {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const { data } = useQuery({ ...queries.helpDesk(), refetchInterval: 60_000 });
  const again = useMutation({
    mutationFn: () => post<Schemas["Desk"]>("cases/desk/again"),
    onSuccess: (answer) => { client.setQueryData(queries.helpDesk().queryKey, answer); say("It is tried again in the next round."); },
  });
  const failed = data?.failed?.filter((one) => one.state === "failed").length ?? 0;
  if (!data?.desk || (!data.error && failed === 0)) return null;
  return (
    <div className="ft-note" data-tone="warn" role="status">
      {data.error ? `${desk(data.desk)} cannot be asked now (${data.error}). ${formats.plural(data.waiting, "case waits", "cases wait")}; the next try is ${formats.due(data.paused_until)}.` : `${formats.plural(failed, "case", "cases")} could not be told to ${desk(data.desk)}.`}{" "}
      <button type="button" className="ft-link" onClick={() => again.mutate()}>Try again</button>
    </div>
  );
}
