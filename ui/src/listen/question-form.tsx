import { Checkbox, NumberInput, Select, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { drop, put, type Json, type Mapping } from "@/condition/written";
import { OptionList } from "./option-list";
import { renamed } from "./question-moves";
import { OWN, keyOf, questionsOf, saidAt, saidIn, textIn, withSaid, type Spec } from "./survey-spec";
import { WhenEditor } from "./when-editor";

type Type = Schemas["QuestionTypeBody"];
type Field = Schemas["TypeField"];
export type Problem = Schemas["ConditionProblem"];

interface Props { spec: Spec; place: number; language: string; types: readonly Type[]; problems: readonly Problem[]; readOnly?: boolean; onChange: (spec: Spec) => void }

/** What is wrong at a place of the question, as one sentence. */
const wrongAt = (problems: readonly Problem[], place: number, name: string) =>
  problems.filter((one) => one.severity === "error" && one.path[0] === "questions" && Number(one.path[1]) === place && one.path[2] === name).map((one) => asSentence(one.what)).join(" ") || undefined;

/** One question: its words, its options, when it is asked. */
export function QuestionForm({ spec, place, language, types, problems, readOnly, onChange }: Props) {
  const question = questionsOf(spec)[place];
  if (!question) return null;
  const type = types.find((one) => one.name === question.type);
  const here = ["questions", place];
  const set = (name: string, value: Json | undefined) => onChange((value === undefined || value === "" ? drop(spec, [...here, name]) : put(spec, [...here, name], value)) as Spec);
  const say = (name: string) => (text: string) => onChange(withSaid(spec, [...here, name], language, text));
  const wrong = (name: string) => wrongAt(problems, place, name);
  return (
    <Card title={`Question ${place + 1}`} side={type?.title ?? textIn(question.type)}>
      <div className="ft-body ft-form ft-questionform">
        <Textarea label="Question" required autosize minRows={1} readOnly={readOnly} value={saidAt(spec, [...here, "ask"], language)} placeholder={language === OWN ? undefined : other(question.ask, language)} error={wrong("ask")} onChange={(event) => say("ask")(event.currentTarget.value)} />
        {type?.fields.map((field) => (
          <TypeFieldInput key={field.name} field={field} question={question} spec={spec} path={[...here, field.name]} language={language} readOnly={readOnly} wrong={wrong(field.name)} onChange={onChange} onSet={(value) => set(field.name, value)} />
        ))}
        <Checkbox label="It has to be answered" disabled={readOnly} checked={question.required === true} onChange={(event) => set("required", event.currentTarget.checked || undefined)} />
        <WhenEditor label="When it is asked" when={question.when} earlier={questionsOf(spec).slice(0, place)} language={language} readOnly={readOnly} onChange={(when) => set("when", when)} />
        {wrong("when") && <p className="ft-bad ft-small" role="alert">{wrong("when")}</p>}
        <KeyInput key={keyOf(question)} spec={spec} place={place} readOnly={readOnly} wrong={wrong("key")} onChange={onChange} />
      </div>
    </Card>
  );
}

/** What another language says, as a hint where this one says nothing. */
const other = (value: Json | undefined, language: string): string | undefined => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).filter(([tag]) => tag !== language).map(([, text]) => textIn(text)).find(Boolean);
};

/** By which answers are kept: renamed when the field is left, in the conditions of later questions too. */
function KeyInput({ spec, place, readOnly, wrong, onChange }: { spec: Spec; place: number; readOnly?: boolean; wrong?: string; onChange: (spec: Spec) => void }) {
  const old = keyOf(questionsOf(spec)[place] ?? {});
  const [key, setKey] = useState(old);
  const taken = questionsOf(spec).some((one, index) => index !== place && keyOf(one) === key);
  const leave = () => {
    if (key !== old && key !== "" && !taken) onChange(renamed(spec, place, key));
  };
  return <TextInput label="Key" description="By which answers are kept. Another key is another question: answers so far stay under the old one." readOnly={readOnly} value={key} error={taken ? "Another question has this key." : wrong} onChange={(event) => setKey(event.currentTarget.value)} onBlur={leave} onKeyDown={(event) => { if (event.key === "Enter") leave(); }} />;
}

interface FieldProps { field: Field; question: Mapping; spec: Spec; path: readonly (string | number)[]; language: string; readOnly?: boolean; wrong?: string; onChange: (spec: Spec) => void; onSet: (value: Json | undefined) => void }

/** A setting of a type, by what it is: a type that is new in the server needs nothing here. */
function TypeFieldInput({ field, question, spec, path, language, readOnly, wrong, onChange, onSet }: FieldProps) {
  const value = question[field.name];
  const told = { label: field.title, description: field.description || undefined, error: wrong, required: field.required };
  if (field.kind === "options") {
    return (
      <OptionList
        title={field.title} one={field.name.replace(/s$/, "")} value={value} language={language} readOnly={readOnly} wrong={wrong} onChange={onSet}
        onSay={(place, text) => onChange(withSaid(spec, [...path, place, "label"], language, text))}
      />
    );
  }
  if (field.kind === "flag") return <Checkbox label={field.title} description={field.description || undefined} disabled={readOnly} error={wrong} checked={typeof value === "boolean" ? value : field.fixed === true} onChange={(event) => onSet(event.currentTarget.checked === (field.fixed === true) ? undefined : event.currentTarget.checked)} />;
  if (field.kind === "whole") return <NumberInput {...told} readOnly={readOnly} placeholder={field.fixed === null ? undefined : String(field.fixed)} value={typeof value === "number" ? value : ""} onChange={(next) => onSet(next === "" ? undefined : Number(next))} />;
  if (field.kind === "choice") return <Select {...told} disabled={readOnly} clearable={!field.required} data={field.choices} placeholder={field.fixed === null ? undefined : String(field.fixed)} value={textIn(value) || null} onChange={(next) => onSet(next ?? undefined)} />;
  if (field.kind === "text") return <TextInput {...told} readOnly={readOnly} value={saidIn(value, language)} placeholder={other(value, language)} onChange={(event) => onChange(withSaid(spec, path, language, event.currentTarget.value))} />;
  return <TextInput {...told} readOnly={readOnly} value={textIn(value)} onChange={(event) => onSet(event.currentTarget.value || undefined)} />;
}
