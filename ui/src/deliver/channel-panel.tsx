import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Copy } from "@/components/copy";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { asSentence } from "@/components/sentence";
import { Failed } from "@/components/states";
import { useFormats } from "@/formats/context";
import { DeadLetters } from "./dead-letters";
import { MEDIA, nameOf, STATES } from "./channel-words";

type Row = Schemas["ChannelRow"];
const sentences = (...told: string[]) => told.filter(Boolean).map(asSentence).join(" ");
const path = (row: Row) => `channels/${encodeURIComponent(row.key)}`;

/** One channel: how it stands, where its receipts come to, a check, a test, and what was given up. */
export function ChannelPanel({ row, onClose, onSetUp }: { row: Row; onClose: () => void; onSetUp: () => void }) {
  const formats = useFormats();
  const state = STATES[row.state];
  const told: [string, string][] = row.hook_url ? [["Receipts", formats.count(row.receipts)], ["Last receipt", row.received_at ? formats.instant(row.received_at) : "not yet"], ["Of messages not here", formats.count(row.unknown)]] : [];
  return (
    <Panel title={nameOf(row)} badge={<Badge tone={state.tone}>{state.word}</Badge>} onClose={onClose}>
      {row.problem && <p className="ft-note" data-tone="warn" role="alert">{sentences(row.problem, row.next_step)}</p>}
      {row.state === "failing" && <p className="ft-note" data-tone="bad" role="alert">{asSentence(row.error)} What waits is tried again.</p>}
      <Section>
        <Pairs left rows={[
          ["Service", row.uses], ["Carries", MEDIA[row.medium]],
          ["Pace", row.rate ? `${formats.count(row.rate.messages)} messages in ${formats.count(row.rate.seconds)} s` : "as fast as the service takes them"],
          ["Taken", formats.count(row.accepted)], ["Last sent", row.accepted_at ? formats.instant(row.accepted_at) : "not yet"], ["Last failure", row.failed_at ? formats.instant(row.failed_at) : "none"],
          ...told,
        ]} />
        {row.kept_by === "app" && <div className="ft-actions ft-below"><Button variant="default" onClick={onSetUp}>Change the settings</Button></div>}
        {row.kept_by === "files" && <p className="ft-muted ft-small">Kept in a file of the workspace; change it there.</p>}
        {row.kept_by === "nobody" && <div className="ft-actions ft-below"><Button variant="default" onClick={onSetUp}>Connect {MEDIA[row.medium]}</Button></div>}
      </Section>
      {row.hook_url && (
        <Section title="Where the service tells what became of messages">
          <p className="ft-mono ft-small" style={{ overflowWrap: "anywhere" }}>{row.hook_url}</p>
          <div className="ft-actions ft-below"><Copy quiet text={row.hook_url} label="Copy the address" said="The address is copied. Paste it into the service's webhook settings." /></div>
        </Section>
      )}
      <Check row={row} />
      {row.medium !== "ads" && <TestSend row={row} />}
      <DeadLetters channel={row.key} count={row.dead} />
    </Panel>
  );
}

function Check({ row }: { row: Row }) {
  const checking = useMutation({ mutationFn: () => post<Schemas["CheckedChannel"]>(`${path(row)}/check`) });
  return (
    <Section title="Does the service know us?">
      <div className="ft-actions"><Button variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>Ask the service</Button></div>
      {checking.data && <p className="ft-note" data-tone={checking.data.ok ? "good" : "bad"} role="status">{sentences(checking.data.said, checking.data.next_step)}</p>}
      {checking.isError && <Failed error={checking.error} />}
    </Section>
  );
}

function TestSend({ row }: { row: Row }) {
  const client = useQueryClient();
  const [to, setTo] = useState("");
  const sending = useMutation({
    mutationFn: () => post<Schemas["TestSent"]>(`${path(row)}/test`, { to: to.trim() }),
    onSettled: () => void client.invalidateQueries(),
  });
  const went = sending.data?.outcome === "accepted";
  return (
    <Section title="Send a test">
      <form onSubmit={(event) => { event.preventDefault(); sending.mutate(); }} style={{ display: "grid", gap: 8 }}>
        <TextInput label="To" description={row.medium === "email" ? "An e-mail address of your own. It gets one message that says it is a test." : "A number of your own, with its country: +44… It gets one message that says it is a test."} required value={to} onChange={(event) => setTo(event.currentTarget.value)} />
        <div className="ft-actions"><Button type="submit" variant="default" loading={sending.isPending} disabled={to.trim().length < 3}>Send the test</Button></div>
      </form>
      {sending.data && <p className="ft-note" data-tone={went ? "good" : "bad"} role="status">{went ? `The service has taken it${row.state === "development" ? "; it lies in the inbox." : "."}` : `It was not sent: ${sending.data.error}.`}</p>}
      {sending.isError && <Failed error={sending.error} />}
    </Section>
  );
}
