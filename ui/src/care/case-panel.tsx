import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { CaseBadges } from "./case-badges";

type Body = Schemas["CaseBody"];
type Change = Schemas["CaseChange"];
type Closing = Schemas["CaseClosing"];

const options = (codes: readonly string[]) => codes.map((code) => ({ value: code, label: words(code) }));
const STATES = ["open", "in_progress", "waiting"] as const;
const OUTCOMES = ["solved", "reached", "not_reached", "not_needed", "handed_over"] as const;

export function CasePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.case(id));
  return (
    <Panel title={query.data?.title ?? "Case"} badge={query.data && <CaseBadges row={query.data} />} onClose={onClose}>
      <Loaded query={query} rows={8}>{(body) => <Content body={body} />}</Loaded>
    </Panel>
  );
}

function useSaved(body: Body, said: string) {
  const client = useQueryClient();
  const say = useToast();
  return (answer: Body) => {
    client.setQueryData(queries.case(body.case_id).queryKey, answer);
    for (const name of ["cases", "overview", "workspace"]) void client.invalidateQueries({ queryKey: [name] });
    say(said);
  };
}

function Content({ body }: { body: Body }) {
  const formats = useFormats();
  return (
    <>
      <Section>
        <Pairs
          rows={[
            ["Person", <PersonLink key="who" id={body.profile_id} name={body.person} />],
            ["Why", body.reason || "–"],
            ["Due", <span key="due" className={body.late ? "ft-bad" : undefined}>{formats.due(body.due_at)}</span>],
            ["Expected value", formats.money(body.value_at_risk)],
            ["Opened", formats.instant(body.opened_at)],
            ...(body.journey ? [["Journey", <Link key="journey" to="/journeys/$key" params={{ key: body.journey }}>{words(body.journey)}{body.step ? `, ${body.step.replaceAll("_", " ")}` : ""}</Link>] as [string, React.ReactNode]] : []),
            ...(body.outcome ? [["Outcome", words(body.outcome)] as [string, React.ReactNode]] : []),
          ]}
        />
      </Section>
      {body.state !== "closed" && <><Work body={body} /><Close body={body} /></>}
      <History body={body} />
    </>
  );
}

function Work({ body }: { body: Body }) {
  const [owner, setOwner] = useState(body.owner ?? "");
  const [note, setNote] = useState("");
  const saved = useSaved(body, "Case saved.");
  const change = useMutation({ mutationFn: (asked: Change) => post<Body>(`cases/${encodeURIComponent(body.case_id)}`, { ...asked, version: body.version }), onSuccess: (answer) => { setNote(""); saved(answer); } });
  const ownerChanged = owner.trim() !== (body.owner ?? "");
  const save = () => change.mutate({ ...(ownerChanged ? { owner: owner.trim() || "nobody" } : {}), ...(note.trim() ? { note: note.trim() } : {}) });
  return (
    <Section title="Work on it">
      <div className="ft-stack" style={{ gap: 8 }}>
        <Select label="State" allowDeselect={false} data={options(STATES)} value={body.state} onChange={(value) => value && value !== body.state && change.mutate({ state: value as (typeof STATES)[number] })} />
        <TextInput label="Owner" placeholder="nobody yet" value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
        <Textarea label="Note" placeholder="What was said, what comes next" autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {change.isError && <Failed error={change.error} />}
        <div><Button variant="default" disabled={!ownerChanged && !note.trim()} loading={change.isPending} onClick={save}>Save changes</Button></div>
      </div>
    </Section>
  );
}

function Close({ body }: { body: Body }) {
  const [outcome, setOutcome] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const saved = useSaved(body, "Case closed.");
  const closing = useMutation({ mutationFn: (asked: Closing) => post<Body>(`cases/${encodeURIComponent(body.case_id)}/close`, asked), onSuccess: saved });
  return (
    <Section title="Close it">
      <div className="ft-stack" style={{ gap: 8 }}>
        <Select label="Outcome" placeholder="How did it end?" data={options(OUTCOMES)} value={outcome} onChange={setOutcome} />
        <Textarea label="Last word" autosize minRows={1} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {closing.isError && <Failed error={closing.error} />}
        <div><Button disabled={!outcome} loading={closing.isPending} onClick={() => outcome && closing.mutate({ outcome: outcome as Closing["outcome"], note: note.trim() || null, version: body.version } as Closing)}>Close case</Button></div>
      </div>
    </Section>
  );
}

function History({ body }: { body: Body }) {
  const formats = useFormats();
  return (
    <Section title="History">
      {body.history.toReversed().map((one, index) => (
        <div className="ft-line" key={`${one.at}${index}`} style={{ alignItems: "flex-start" }}>
          <span>
            <span className="ft-strong">{one.what === "note" ? "Note" : words(one.what)}</span>{" "}
            <span className="ft-muted">{one.what === "note" ? one.after : one.before && one.after ? `${words(one.before)} → ${words(one.after)}` : (one.after && words(one.after))}{one.by ? ` · ${one.by}` : ""}</span>
          </span>
          <span /><span className="ft-muted ft-small">{formats.due(one.at)}</span>
        </div>
      ))}
    </Section>
  );
}
