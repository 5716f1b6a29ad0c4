import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, post } from "@/api/client";
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
import { History } from "./case-history";

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

const LISTS = ["cases", "overview", "workspace"];

/** Change a case as it is shown. Where somebody else was faster, what they did is fetched; what was typed stays. */
function useChange<Asked extends object>(body: Body, path: string, said: string, done?: () => void) {
  const client = useQueryClient();
  const say = useToast();
  const { queryKey } = queries.case(body.case_id);
  return useMutation({
    mutationFn: (asked: Asked) => post<Body>(`cases/${encodeURIComponent(body.case_id)}${path}`, { ...asked, version: body.version }),
    onSuccess: (answer) => {
      client.setQueryData(queryKey, answer);
      for (const name of LISTS) void client.invalidateQueries({ queryKey: [name] });
      done?.();
      say(said);
    },
    onError: (error) => {
      if (!isOvertaken(error)) return;
      void client.invalidateQueries({ queryKey });
      for (const name of LISTS) void client.invalidateQueries({ queryKey: [name] });
    },
  });
}

const isOvertaken = (error: unknown) => error instanceof ApiError && (error.told.code === "CASE_CHANGED" || error.told.code === "CASE_CLOSED");

function Refused({ error }: { error: unknown }) {
  if (!isOvertaken(error)) return <Failed error={error} />;
  return <p className="ft-note" data-tone="warn" role="alert">Somebody else changed this case meanwhile. It is shown as it stands now, and what you typed is kept. Look at its history, then save again.</p>;
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
      <Work body={body} />
      {body.state !== "closed" && <Close body={body} />}
      <History body={body} />
    </>
  );
}

function Work({ body }: { body: Body }) {
  // Null is untouched: then the owner is the one that the case has, also after somebody else changed it.
  const [typed, setTyped] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const change = useChange<Change>(body, "", "Case saved.", () => { setNote(""); setTyped(null); });
  const closed = body.state === "closed";
  const owner = typed ?? body.owner ?? "";
  const ownerChanged = owner.trim() !== (body.owner ?? "");
  const save = () => change.mutate({ ...(ownerChanged ? { owner: owner.trim() || "nobody" } : {}), ...(note.trim() ? { note: note.trim() } : {}) } as Change);
  const move = (state: string | null) => state && state !== body.state && change.mutate({ state } as Change);
  return (
    <Section title={closed ? "Add to it" : "Work on it"}>
      <div className="ft-stack" style={{ gap: 8 }}>
        <Select label="State" allowDeselect={false} data={options(closed ? [...STATES, "closed"] : STATES)} value={body.state} onChange={move} />
        {!closed && <TextInput label="Owner" placeholder="nobody yet" value={owner} onChange={(event) => setTyped(event.currentTarget.value)} />}
        <Textarea label="Note" placeholder="What was said, what comes next" autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {change.isError && <Refused error={change.error} />}
        <div><Button variant="default" disabled={!ownerChanged && !note.trim()} loading={change.isPending} onClick={save}>Save changes</Button></div>
      </div>
    </Section>
  );
}

function Close({ body }: { body: Body }) {
  const [outcome, setOutcome] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const closing = useChange<Closing>(body, "/close", "Case closed.");
  return (
    <Section title="Close it">
      <div className="ft-stack" style={{ gap: 8 }}>
        <Select label="Outcome" placeholder="How did it end?" data={options(OUTCOMES)} value={outcome} onChange={setOutcome} />
        <Textarea label="Last word" autosize minRows={1} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {closing.isError && <Refused error={closing.error} />}
        <div><Button variant="default" disabled={!outcome} loading={closing.isPending} onClick={() => outcome && closing.mutate({ outcome: outcome as Closing["outcome"], note: note.trim() || null } as Closing)}>Close case</Button></div>
      </div>
    </Section>
  );
}
