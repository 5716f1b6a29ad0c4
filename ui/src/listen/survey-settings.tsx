import { Button, Checkbox, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { Card } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { drop, isMapping, put, type Json, type Mapping } from "@/condition/written";
import type { Problem } from "./question-form";
import { saidAt, textIn, withSaid, type Spec } from "./survey-spec";

interface Props { spec: Spec; keyTold: string; fixed: boolean; language: string; problems: readonly Problem[]; readOnly?: boolean; onChange: (spec: Spec) => void }

const wrongAt = (problems: readonly Problem[], name: string) => problems.filter((one) => one.severity === "error" && one.path[0] === name).map((one) => asSentence(one.what)).join(" ") || undefined;

/** What it is called, what stands before and after the questions. */
export function SurveyTexts({ spec, keyTold, fixed, language, problems, readOnly, onChange }: Props) {
  const say = (name: string) => (text: string) => onChange(withSaid(spec, [name], language, text));
  return (
    <Card title="What people read around the questions">
      <div className="ft-body ft-form ft-questionform">
        <TextInput label="Title" required maxLength={200} readOnly={readOnly} value={saidAt(spec, ["title"], language)} description={keyTold ? `Key: ${keyTold}${fixed ? "" : ", for good"}` : undefined} error={wrongAt(problems, "title")} onChange={(event) => say("title")(event.currentTarget.value)} />
        <Textarea label="Before the first question" autosize minRows={1} readOnly={readOnly} value={saidAt(spec, ["intro"], language)} error={wrongAt(problems, "intro")} onChange={(event) => say("intro")(event.currentTarget.value)} />
        <Textarea label="At the end" description="Left empty: a thank you in the person’s language" autosize minRows={1} readOnly={readOnly} value={saidAt(spec, ["thanks"], language)} error={wrongAt(problems, "thanks")} onChange={(event) => say("thanks")(event.currentTarget.value)} />
      </div>
    </Card>
  );
}

/** Whom it may ask how often, and what its answers are about. */
export function SurveyRules({ spec, problems, readOnly, onChange }: Omit<Props, "keyTold" | "fixed" | "language">) {
  const set = (name: string) => (value: Json | undefined) => onChange((value === undefined || value === "" ? drop(spec, [name]) : put(spec, [name], value)) as Spec);
  const field = (name: string, label: string, description: string, placeholder?: string) => (
    <TextInput label={label} description={description} placeholder={placeholder} readOnly={readOnly} value={textIn(spec[name])} error={wrongAt(problems, name)} onChange={(event) => set(name)(event.currentTarget.value)} />
  );
  return (
    <Card title="Whom it asks, and how often">
      <div className="ft-body ft-form ft-questionform">
        {field("touchpoint", "Touchpoint", "What its answers are about, such as delivery", "delivery")}
        {field("purpose", "Purpose of its messages", "For which people gave their consent", "service")}
        {field("again_after", "Not again for", "A person is not asked this survey more often", "90d")}
        {field("sample", "Share that is asked", "Of those who could be; drawn for good by person", "100%")}
        {field("expires", "Links are valid for", "Later they say so", "30d")}
        <Reminders spec={spec} readOnly={readOnly} wrong={wrongAt(problems, "reminders")} onChange={set("reminders")} />
        <Checkbox label="Anonymous" description="Answers are kept without the person, and can never be joined with them again" disabled={readOnly} checked={spec.anonymous === true} onChange={(event) => set("anonymous")(event.currentTarget.checked || undefined)} />
        <Checkbox label="By invitation only" description="No link, code or widget for everybody: it takes the link of a message" disabled={readOnly} checked={spec.public === false} onChange={(event) => set("public")(event.currentTarget.checked ? false : undefined)} />
      </div>
    </Card>
  );
}

function Reminders({ spec, readOnly, wrong, onChange }: { spec: Spec; readOnly?: boolean; wrong?: string; onChange: (value: Json | undefined) => void }) {
  const all: Mapping[] = Array.isArray(spec.reminders) ? spec.reminders.filter(isMapping) : [];
  const keep = (next: Mapping[]) => onChange(next.length > 0 ? next : undefined);
  return (
    <fieldset className="ft-options">
      <legend>Reminders</legend>
      {wrong && <p className="ft-bad ft-small" role="alert">{wrong}</p>}
      {all.length === 0 && <p className="ft-muted ft-small">None: who does not answer is left in peace.</p>}
      {all.map((one, place) => (
        <div key={place} className="ft-optionrow">
          <TextInput aria-label={`Reminder ${place + 1}: after`} size="xs" readOnly={readOnly} value={textIn(one.after)} placeholder="3d" onChange={(event) => keep(all.map((other, index) => (index === place ? { ...other, after: event.currentTarget.value } : other)))} />
          {!readOnly && <button type="button" className="ft-iconbutton" aria-label={`Take reminder ${place + 1} out`} onClick={() => keep(all.filter((_, index) => index !== place))}><IconX size={14} stroke={1.7} aria-hidden /></button>}
        </div>
      ))}
      {!readOnly && <Button size="xs" variant="default" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} onClick={() => keep([...all, { after: "3d" }])}>Add a reminder</Button>}
    </fieldset>
  );
}
