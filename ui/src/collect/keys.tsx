import { Button, TextInput } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Copy } from "@/components/copy";
import { Badge, Card } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";

type Key = Schemas["WriteKeyBody"];
const path = (source: string) => `sources/${encodeURIComponent(source)}/keys`;

/** The write keys of a source: several may be valid, so that one can be replaced without a gap. */
export function Keys({ source }: { source: Schemas["SourceBody"] }) {
  const query = useQuery(queries.writeKeys(source.key));
  const settings = source.settings_keys;
  return (
    <Card title="Which keys may send?" side={settings > 0 ? `${settings} more in foretell.yaml` : "make the new one before you retire the old one"} line>
      <Loaded query={query} rows={3}>{(body) => <List source={source.key} keys={body.keys} />}</Loaded>
      <NewKey source={source.key} />
    </Card>
  );
}

function List({ source, keys }: { source: string; keys: Key[] }) {
  const formats = useFormats();
  const [retiring, setRetiring] = useState<Key | null>(null);
  if (keys.length === 0) return <p className="ft-muted" style={{ padding: "12px 14px" }}>No key is kept here yet. Make one below.</p>;
  return (
    <>
      <Table
        label="Write keys" rows={keys} rowKey={(row) => row.write_key}
        columns={[
          { name: "key", title: "Write key", cell: (row) => <><span className="ft-fieldname">{row.write_key}</span><span className="two">{row.name || "without a name"} · made {formats.instant(row.created_at)}{row.retires_at && ` · until ${formats.instant(row.retires_at)}`}</span></> },
          { name: "state", title: "State", cell: (row) => (row.valid ? <Badge tone="good">Accepted</Badge> : <Badge>Retired</Badge>) },
          { name: "do", title: "Do", key: true, cell: (row) => row.valid && <span className="ft-actions" style={{ justifyContent: "flex-end" }}><Copy quiet text={row.write_key} label="Copy" said="The write key is copied." /><Button variant="default" onClick={() => setRetiring(row)}>Retire</Button></span> },
        ]}
      />
      {retiring && <Retire source={source} row={retiring} last={keys.filter((one) => one.valid).length === 1} onClose={() => setRetiring(null)} />}
    </>
  );
}

function Retire({ source, row, last, onClose }: { source: string; row: Key; last: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const retiring = useMutation({
    mutationFn: () => remove<Key>(`${path(source)}/${encodeURIComponent(row.write_key)}`),
    onSuccess: () => {
      void client.invalidateQueries();
      say("The write key is retired.");
      onClose();
    },
  });
  return (
    <Confirm
      opened title={`Retire ${row.name || row.write_key}?`} consequences={[["Write key", row.write_key], ["Accepted", "until now"], ["Other valid keys", last ? "none: nothing can be sent any more" : "stay valid"]]}
      undo="It cannot be made valid again. What is sent with it from now on is refused; the sender keeps it or loses it." verb="Retire the key" keep="Keep it" busy={retiring.isPending} error={retiring.error ?? undefined}
      onConfirm={() => retiring.mutate()} onClose={onClose}
    />
  );
}

function NewKey({ source }: { source: string }) {
  const client = useQueryClient();
  const say = useToast();
  const [name, setName] = useState("");
  const making = useMutation({
    mutationFn: () => post<Key>(path(source), { name: name.trim() }),
    onSuccess: () => {
      setName("");
      void client.invalidateQueries();
      say("The write key is made and accepted from now on.");
    },
  });
  return (
    <form className="ft-filters" style={{ padding: "10px 14px 12px", borderTop: "1px solid var(--ft-border)" }} onSubmit={(event) => { event.preventDefault(); making.mutate(); }}>
      <TextInput className="ft-field" aria-label="Name of the new key" placeholder="Name, e.g. checkout" maxLength={100} w={220} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" variant="default" leftSection={<IconKey size={15} stroke={1.7} aria-hidden />} loading={making.isPending}>Make a key</Button>
      {making.isError && <Failed error={making.error} />}
    </form>
  );
}
