import { Button } from "@mantine/core";
import { IconDownload, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { address, post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { EraseConfirm } from "./erase-confirm";
import { RequestState } from "./requests";
import { kindOfRequest } from "./words";

type Body = Schemas["RequestBody"];

export function RequestPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.request(id));
  const row = query.data;
  return (
    <Panel title={row ? kindOfRequest(row.kind) : "Request"} badge={row && <RequestState row={row} />} onClose={onClose}>
      <Loaded query={query} rows={4}>{(body) => <Content row={body} />}</Loaded>
    </Panel>
  );
}

function Content({ row }: { row: Body }) {
  const formats = useFormats();
  return (
    <>
      <Section>
        <Pairs left rows={[["Person", <bdi key="p" style={{ overflowWrap: "anywhere" }}>{row.person || "erased"}</bdi>], ["Received", formats.instant(row.received_at)], ["Due", formats.day(row.due_at)], ["Noted by", row.by]]} />
        {row.note && <p className="ft-note" style={{ marginTop: 10, overflowWrap: "anywhere" }}>{row.note}</p>}
      </Section>
      {row.state === "open" && <Section title="What next"><Next row={row} /></Section>}
      <Section title="History">
        <ul className="ft-small">{row.history.map((one) => <li key={`${one.at} ${one.what}`} style={{ marginBottom: 6 }}><b className="ft-strong">{words(one.what)}</b> <span className="ft-muted">{formats.instant(one.at)}, {one.by}</span>{one.told && <div className="ft-muted">{one.told}</div>}</li>)}</ul>
      </Section>
    </>
  );
}

function Next({ row }: { row: Body }) {
  const client = useQueryClient();
  const say = useToast();
  const [erasing, setErasing] = useState(false);
  const closing = useMutation({
    mutationFn: (state: "done" | "refused") => post<Body>(`privacy/requests/${encodeURIComponent(row.request)}/close`, { state }),
    onSuccess: (_, state) => {
      void client.invalidateQueries();
      say(state === "done" ? "The request is done." : "The request is refused.");
    },
  });
  const restricting = useMutation({
    mutationFn: () => post("privacy/restrictions", { person: row.person, reason: `request ${row.request}` }),
    onSuccess: () => {
      void client.invalidateQueries();
      say("Nothing is done with them until the restriction is lifted.");
    },
  });
  return (
    <div style={{ display: "grid", gap: 10 }}>
      {row.kind === "access" && <><p className="ft-muted">The copy holds everything about the person: for programs by view, for people one page. Taking it closes the request; then send it.</p><Button component="a" href={address("privacy/export.zip", { person: row.person })} leftSection={<IconDownload size={15} stroke={1.7} aria-hidden />}>Download the copy</Button></>}
      {row.kind === "erasure" && <><p className="ft-muted">Erasing closes the request and leaves a certificate.</p><Button color="red" leftSection={<IconTrash size={15} stroke={1.7} aria-hidden />} onClick={() => setErasing(true)}>Erase the person…</Button></>}
      {row.kind === "objection" && <p className="ft-muted">Note the objection as a word of theirs (purpose profiling or ads, refused); the next run leaves them out. Then close the request.</p>}
      {row.kind === "restriction" && <><p className="ft-muted">Nothing is sent, scored, trained on or exported of them until it is lifted. Restricting closes the request.</p><Button loading={restricting.isPending} onClick={() => restricting.mutate()}>Restrict processing</Button>{restricting.isError && <Failed error={restricting.error} />}</>}
      {row.kind === "rectification" && <p className="ft-muted">Correct what is wrong at its source, or write the trait back. Then close the request.</p>}
      {closing.isError && <Failed error={closing.error} />}
      <div className="ft-actions">
        {row.kind !== "erasure" && <Button variant="default" loading={closing.isPending} onClick={() => closing.mutate("done")}>Close as done</Button>}
        <Button variant="default" disabled={closing.isPending} onClick={() => closing.mutate("refused")}>Refuse it</Button>
      </div>
      {erasing && <EraseConfirm person={row.person} onClose={() => setErasing(false)} />}
    </div>
  );
}
