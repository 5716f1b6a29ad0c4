import { Autocomplete, Button, Checkbox, Select, Textarea } from "@mantine/core";
import { useState } from "react";
import { Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { hoursFrom, OUTCOMES, options, PRIORITIES, SPANS } from "./case-options";
import { useMe } from "./me";
import { Refused } from "./refused";
import { useChange, useChoices, type Body, type Change } from "./use-change";
import type { Schemas } from "@/api/types";

type Closing = Partial<Schemas["CaseClosing"]>;
const LIKELY = 3;
const STATES = ["open", "in_progress", "waiting"] as const;

/** Whose it is, how it stands, by when; and what is to be remembered. */
export function Work({ body, now }: { body: Body; now: string }) {
  const formats = useFormats();
  const me = useMe();
  const choices = useChoices();
  // Null is untouched: then the owner is the one that the case has, also after somebody else changed it.
  const [typed, setTyped] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const [contact, setContact] = useState(false);
  const change = useChange<Change>(body, "", "Case saved.", () => { setNote(""); setTyped(null); setContact(false); });
  const closed = body.state === "closed";
  const owner = typed ?? body.owner ?? "";
  const ownerChanged = owner.trim() !== (body.owner ?? "");
  const save = () => change.mutate({ ...(ownerChanged ? { owner: owner.trim() || "nobody" } : {}), ...(note.trim() ? { note: note.trim() } : {}), ...(contact ? { contact } : {}) });
  const move = (state: string | null) => state && state !== body.state && change.mutate({ state: state as Change["state"] });
  const names = [...(choices?.teams ?? []).map((team) => team.key), ...(choices?.owners ?? [])];
  return (
    <Section title={closed ? "Add to it" : "Work on it"}>
      <div className="ft-stack" style={{ gap: 8 }}>
        {!closed && me && body.owner !== me && <div><Button variant="default" size="xs" loading={change.isPending} onClick={() => change.mutate({ owner: me, state: "in_progress" })}>Take it</Button></div>}
        <Select label="State" allowDeselect={false} data={options(closed ? [...STATES, "closed"] : STATES)} value={body.state} onChange={move} />
        {!closed && (
          <>
            <Autocomplete label="Owner" placeholder={body.team ? `nobody of ${body.team} yet` : "nobody yet"} data={[...new Set(names)]} value={owner} onChange={setTyped} />
            <Select label="Priority" description={body.priority_by === "value" ? `By the value at risk: ${formats.money(body.value_at_risk)}` : undefined} allowDeselect={false} data={options(PRIORITIES)} value={body.priority_by === "value" ? "by_value" : body.priority} onChange={(value) => value && change.mutate({ priority: value as Change["priority"] })} />
            <Select label="Let it rest for" placeholder={body.snoozed_until ? `until ${formats.due(body.snoozed_until)}` : "not now"} data={[...SPANS]} value={null} onChange={(hours) => hours && change.mutate({ snooze_until: hoursFrom(now, hours) })} />
            <Select label="Due in" placeholder={formats.due(body.due_at)} data={[...SPANS, { value: "none", label: "No due time" }]} value={null} onChange={(hours) => hours && change.mutate(hours === "none" ? { clear: ["due_at"] } : { due_at: hoursFrom(now, hours) })} />
          </>
        )}
        <Textarea label="Note" placeholder="What was said, what comes next" autosize minRows={2} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        <Checkbox label="I spoke with the person" checked={contact} onChange={(event) => setContact(event.currentTarget.checked)} />
        {change.isError && <Refused error={change.error} />}
        <div><Button variant="default" disabled={!ownerChanged && !note.trim() && !contact} loading={change.isPending} onClick={save}>Save changes</Button></div>
      </div>
    </Section>
  );
}

export function Close({ body }: { body: Body }) {
  const [outcome, setOutcome] = useState<string | null>(null);
  const [cause, setCause] = useState("");
  const [note, setNote] = useState("");
  const closing = useChange<Closing>(body, "/close", "Case closed.");
  const listed = body.root_causes ?? [];
  const suggested = body.suggested_causes ?? [];
  const causes = listed.length > 0 ? suggested.filter((one) => listed.includes(one)) : [];
  const close = () => outcome && closing.mutate({ outcome: outcome as Closing["outcome"], root_cause: cause.trim() || null, note: note.trim() || null });
  return (
    <Section title="Close it">
      <div className="ft-stack" style={{ gap: 8 }}>
        <Select label="Outcome" placeholder="How did it end?" data={options(OUTCOMES)} value={outcome} onChange={setOutcome} />
        {causes.length > 0 ? <Select label="Root cause" placeholder="What lay behind it?" clearable data={causes} value={cause || null} onChange={(value) => setCause(value ?? "")} /> : <Autocomplete label="Root cause" placeholder="What lay behind it?" data={suggested} value={cause} onChange={setCause} />}
        {!cause && suggested.length > 0 && <p className="ft-chips"><span className="ft-muted ft-small">Likely</span>{suggested.slice(0, LIKELY).map((one) => <button type="button" className="ft-link ft-small" key={one} onClick={() => setCause(one)}>{one}</button>)}</p>}
        <Textarea label="Last word" autosize minRows={1} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {closing.isError && <Refused error={closing.error} />}
        <div><Button variant="default" disabled={!outcome} loading={closing.isPending} onClick={close}>Close case</Button></div>
      </div>
    </Section>
  );
}
