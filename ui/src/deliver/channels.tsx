import { Button } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Page, Pairs } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { ChannelForm } from "./channel-form";
import { ChannelPanel } from "./channel-panel";
import { MEDIA, nameOf, STATES } from "./channel-words";
import "./deliver.css";

type Row = Schemas["ChannelRow"];

/** The ways to people: which work, which are not complete, and setting one up. */
export function ChannelsPage() {
  const [address, setAddress] = useAddress();
  const query = useQuery(queries.channels());
  const [form, setForm] = useState<Row | "new" | null>(null);
  const choose = (key: string | undefined) => setAddress({ channel: key });
  return (
    <Page title="Channels" purpose="Which ways to people work, and what became of what went out over them?" actions={<Button leftSection={<IconPlugConnected size={15} stroke={1.7} aria-hidden />} onClick={() => setForm("new")}>Connect a channel</Button>}>
      <Loaded query={query} rows={8}>
        {({ rows, kinds, secrets }) => {
          const chosen = rows.find((one) => one.key === address.channel);
          return (
            <>
              <div className="ft-panelgrid" data-open={Boolean(chosen)}>
                <ul className="ft-channels" aria-label="Channels">
                  {rows.map((row) => <li key={row.key}><ChannelCard row={row} chosen={row.key === chosen?.key} onOpen={() => choose(row.key)} onSetUp={() => setForm(row)} /></li>)}
                </ul>
                {chosen && <ChannelPanel key={chosen.key} row={chosen} onClose={() => choose(undefined)} onSetUp={() => setForm(chosen)} />}
              </div>
              {form && <ChannelForm row={form === "new" ? undefined : form} kinds={kinds} secrets={secrets} taken={rows.filter((one) => one.documented).map((one) => one.key)} onClose={() => setForm(null)} onSaved={(key) => { setForm(null); choose(key); }} />}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function ChannelCard({ row, chosen, onOpen, onSetUp }: { row: Row; chosen: boolean; onOpen: () => void; onSetUp: () => void }) {
  const formats = useFormats();
  const state = STATES[row.state];
  return (
    <article className="ft-card ft-channel" data-chosen={chosen}>
      <div className="ft-cardhead" data-line>
        <h2><button type="button" className="ft-link" onClick={onOpen}>{nameOf(row)}</button></h2>
        <Badge tone={state.tone}>{state.word}</Badge>
      </div>
      <div style={{ padding: "10px 14px 12px", display: "grid", gap: 8 }}>
        <p className="ft-muted ft-small" style={{ margin: 0 }}>{row.documented ? `${row.uses} · ${MEDIA[row.medium]}` : `What goes out as ${MEDIA[row.medium]} lands in the inbox, and reaches nobody.`}</p>
        {row.problem && <p className="ft-note" data-tone="warn" style={{ margin: 0 }}>{asSentence(row.problem)}</p>}
        {row.state === "failing" && <p className="ft-note" data-tone="bad" style={{ margin: 0 }}>{asSentence(row.error)}</p>}
        <Pairs left rows={[
          ["Last sent", row.accepted_at ? formats.ago(row.accepted_at) : "not yet"],
          ["Taken", formats.count(row.accepted)],
          ["Given up", formats.count(row.dead)],
        ]} />
        {!row.documented && <div className="ft-actions"><Button variant="default" onClick={onSetUp}>Connect {MEDIA[row.medium]}</Button></div>}
      </div>
    </article>
  );
}
