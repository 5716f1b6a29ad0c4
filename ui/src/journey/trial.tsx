import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { post } from "@/api/client";
import type { JourneyBody, Schemas } from "@/api/types";
import { Badge, type Tone } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { Failed } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { wayOf } from "./step-words";

type Trial = Schemas["TrialBody"];
type Told = Schemas["TrialStep"];

/** One person on a fast clock: what would happen, when, and what would be written. Nothing is kept, nothing reaches the person. */
export function TrialPanel({ journey, onClose }: { journey: JourneyBody; onClose: () => void }) {
  const [person, setPerson] = useState("");
  const [to, setTo] = useState("");
  const [choose, setChoose] = useState<Record<string, string>>({});
  const test = useMutation({
    mutationFn: () => post<Trial>(`journeys/${encodeURIComponent(journey.key)}/test`, { person: person.trim(), choose, to: to.trim() || null }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (person.trim()) test.mutate();
  };
  const forks = journey.steps.filter((step) => Object.keys(step.ways).length > 1);
  return (
    <Panel title="Test with a person" onClose={onClose}>
      <Section>
        <form onSubmit={submit} style={{ display: "grid", gap: 10 }}>
          <TextInput label="Person" placeholder="email:ann@customers.example" description="An identifier, or the public id." required value={person} onChange={(event) => setPerson(event.currentTarget.value)} data-autofocus />
          {forks.map((step) => <Select key={step.key} label={step.title} data={[{ value: "", label: "as the person’s data say" }, ...Object.keys(step.ways).map((way) => ({ value: way, label: wayOf(way) }))]} value={choose[step.key] ?? ""} onChange={(value) => setChoose((before) => without(before, step.key, value))} allowDeselect={false} />)}
          <TextInput type="email" label="Send the e-mails to" placeholder="nobody" description="An address of yours; the person gets nothing." value={to} onChange={(event) => setTo(event.currentTarget.value)} />
          <div className="ft-actions"><Button type="submit" loading={test.isPending}>Play it through</Button></div>
        </form>
      </Section>
      {test.error && <Section><Failed error={test.error} /></Section>}
      {test.data && <Outcome trial={test.data} journey={journey} />}
    </Panel>
  );
}

function Outcome({ trial, journey }: { trial: Trial; journey: JourneyBody }) {
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  return (
    <Section title={`Ends ${words(trial.state).toLowerCase()}`}>
      {trial.enters === false && <p className="ft-note">The person does not fulfil the entry condition now. This is what would happen all the same.</p>}
      {trial.sent.length > 0 && <p className="ft-note">Sent to your address: {trial.sent.map((one) => titles.get(one) ?? one).join(", ")}.</p>}
      <ol className="ft-plainlist">
        {trial.steps.map((step, index) => <Happened key={index} step={step} title={titles.get(step.step) ?? step.step} />)}
      </ol>
    </Section>
  );
}

const TONES: Record<string, Tone> = { send: "good", refuse: "warn", defer: "warn" };

function Happened({ step, title }: { step: Told; title: string }) {
  const formats = useFormats();
  const decision = step.decision as { decision: string; reason: string } | null;
  return (
    <li style={{ padding: "8px 0", borderTop: "1px solid var(--ft-border)" }}>
      <div><b>{title}</b> {step.chosen && <Badge>chosen</Badge>} {decision && <Badge tone={TONES[decision.decision]}>{decision.decision === "send" ? "would be sent" : words(decision.reason)}</Badge>}</div>
      <div className="ft-muted ft-small">{formats.instant(step.at)} · {words(wayOf(step.outcome.replace(/^chosen: /, "")))}</div>
      {step.message && (step.message.error
        ? <p className="ft-bad">{step.message.error}</p>
        : <details><summary>{step.message.subject || step.message.text.slice(0, 60)}</summary>{step.message.html ? <iframe title={`Message of ${title}`} sandbox="" srcDoc={step.message.html} className="ft-mail" /> : <pre className="ft-raw">{step.message.text}</pre>}</details>)}
    </li>
  );
}

function without(before: Record<string, string>, key: string, value: string | null): Record<string, string> {
  const rest = Object.fromEntries(Object.entries(before).filter(([one]) => one !== key));
  return value ? { ...rest, [key]: value } : rest;
}
