import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { remove } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Confirm } from "@/components/confirm";
import { asSentence } from "@/components/sentence";
import { Failed } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { titleOf } from "./draft-text";

type Draft = Schemas["JourneyDraftBody"];

/** Journeys in the making, with what each lacks; nothing where there are none. */
export function Drafts() {
  const formats = useFormats();
  const query = useQuery(queries.journeyDrafts());
  const [leaving, setLeaving] = useState<Draft>();
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const rows = query.data?.rows ?? [];
  if (rows.length === 0) return null;
  const columns: Column<Draft>[] = [
    { name: "title", title: "Draft", width: "30%", cell: (row) => <><Link to="/journeys/$key/draft" params={{ key: row.key }}>{titleOf(row)}</Link><span className="two">{row.lacks.length === 0 ? "Nothing is missing" : formats.plural(row.lacks.length, "thing missing", "things missing")}</span></> },
    { name: "lacks", title: "What is missing", cell: (row) => row.lacks[0] ? <>{asSentence(row.lacks[0].what)}{row.lacks.length > 1 && <span className="ft-muted"> {formats.count(row.lacks.length - 1)} more</span>}</> : <span className="ft-good">Nothing: it can be published</span> },
    { name: "changed", title: "Changed", number: true, cell: (row) => formats.instant(row.changed_at) },
    { name: "discard", title: "", number: true, key: true, cell: (row) => <Button variant="default" size="xs" leftSection={<IconTrash size={14} stroke={1.7} aria-hidden />} aria-label={`Discard the draft ${titleOf(row)}`} onClick={() => setLeaving(row)}>Discard</Button> },
  ];
  return (
    <Card title="Drafts" line>
      <Table label="Drafts" columns={columns} rows={rows} rowKey={(row) => row.key} />
      {leaving && <Discard draft={leaving} onClose={() => setLeaving(undefined)} />}
    </Card>
  );
}

/** Forgets a draft after asking; what is in force stays. */
export function Discard({ draft, onClose, onDone }: { draft: Pick<Draft, "key" | "spec">; onClose: () => void; onDone?: () => Promise<void> }) {
  const client = useQueryClient();
  const say = useToast();
  const discard = useMutation({
    mutationFn: () => remove(`journey-drafts/${encodeURIComponent(draft.key)}`),
    onSuccess: async () => {
      say(`The draft of ${titleOf(draft)} is gone.`);
      onClose();
      await onDone?.();
      client.removeQueries({ queryKey: [`journey-drafts/${encodeURIComponent(draft.key)}`] });
      void client.invalidateQueries({ queryKey: ["journey-drafts"] });
    },
  });
  return (
    <Confirm
      opened
      title={`Discard the draft of ${titleOf(draft)}?`}
      consequences={[["The draft", "is deleted"], ["A journey of this key that is in force", "stays as it is"]]}
      undo="This cannot be undone."
      verb="Discard the draft"
      keep="Keep the draft"
      busy={discard.isPending}
      error={discard.error}
      onConfirm={() => discard.mutate()}
      onClose={onClose}
    />
  );
}
