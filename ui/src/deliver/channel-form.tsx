import { Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, put } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { asSentence } from "@/components/sentence";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { SettingsFields } from "./settings-fields";
import { fieldsOf, shownOf, writtenOf, type Values } from "./settings-schema";
import { MEDIA, nameOf } from "./channel-words";

type Row = Schemas["ChannelRow"];
type Kind = Schemas["ChannelKindRow"];

interface Props { row?: Row; kinds: Kind[]; secrets: string[]; taken: string[]; onClose: () => void; onSaved: (key: string) => void }

/** Sets a channel up, or changes one: which service, and its settings. */
export function ChannelForm({ row, kinds, secrets, taken, onClose, onSaved }: Props) {
  const client = useQueryClient();
  const say = useToast();
  const offered = kinds.filter((kind) => !kind.development && (!row || kind.medium === row.medium));
  const settings = (row?.spec.settings ?? {}) as Record<string, unknown>;
  const [uses, setUses] = useState<string | null>(row?.documented ? row.uses : (offered[0]?.name ?? null));
  const kind = offered.find((one) => one.name === uses);
  const fields = fieldsOf(kind?.settings ?? {}, secrets);
  const [values, setValues] = useState<Values>(() => shownOf(fields, settings));
  const [key, setKey] = useState(row?.key ?? "");
  const [title, setTitle] = useState(String(row?.spec.title ?? ""));
  const saving = useMutation({
    mutationFn: () => {
      const before = row?.documented && row.uses === uses ? settings : {};
      const spec = { ...row?.spec, title: title.trim() || null, uses, settings: writtenOf(fields, values, before) };
      return put<Schemas["SavedDocument"]>(`channels/${encodeURIComponent(key.trim())}`, { spec }, { revision: row?.revision ?? 0 });
    },
    onSuccess: () => {
      void client.invalidateQueries();
      say("The channel is set up. Send a test before people get anything over it.");
      onSaved(key.trim());
    },
  });
  const { wrong, others } = problems(saving.error);
  const choose = (name: string | null) => {
    setUses(name);
    setValues(shownOf(fieldsOf(offered.find((one) => one.name === name)?.settings ?? {}, secrets), row?.uses === name ? settings : {}));
  };
  return (
    <Dialog onClose={onClose} size={560} title={row ? `Set up ${nameOf(row)}` : "Connect a channel"}>
      <form onSubmit={(event) => { event.preventDefault(); saving.mutate(); }} style={{ display: "grid", gap: 12 }}>
        {!row && <TextInput label="Key" description="By which journeys and audiences name it: email, sms, or a name of your own" required pattern="[a-z][a-z0-9_]*" value={key} onChange={(event) => setKey(event.currentTarget.value)} error={taken.includes(key.trim()) ? "There is a channel of this key." : undefined} data-autofocus />}
        <TextInput label="Title" description="What people call it" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <Select label="Service" required allowDeselect={false} data={offered.map((one) => ({ value: one.name, label: `${one.name} · ${MEDIA[one.medium]}` }))} value={uses} onChange={choose} error={wrong.uses} />
        {kind && !kind.idempotent && <p className="ft-note">This service knows no key by which it could tell a message that comes twice. If an answer is lost, the message waits as “in doubt” {kind.receives ? "until the service tells what became of it." : "until somebody says whether it went out."}</p>}
        <SettingsFields fields={fields} values={values} wrong={wrong} onChange={(name, value) => setValues((now) => ({ ...now, [name]: value }))} />
        {others.map((one) => <p key={one} className="ft-note" data-tone="bad" role="alert">{one}</p>)}
        {saving.isError && others.length === 0 && Object.keys(wrong).length === 0 && <Failed error={saving.error} />}
        <div className="ft-actions" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onClose}>Leave it</Button>
          <Button type="submit" loading={saving.isPending} disabled={!kind || !key.trim() || (!row && taken.includes(key.trim()))}>Save the channel</Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What the server says is wrong: beside the field where it is one of ours, else below. */
function problems(error: unknown): { wrong: Record<string, string>; others: string[] } {
  const wrong: Record<string, string> = {};
  const others: string[] = [];
  if (!(error instanceof ApiError)) return { wrong, others };
  for (const one of error.problems) {
    const name = one.path[0] === "settings" ? one.path[1] : one.path[0];
    if (name === undefined) others.push(asSentence(one.what));
    else wrong[String(name)] = asSentence(one.what);
  }
  return { wrong, others };
}
