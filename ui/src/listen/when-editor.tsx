import { Button, MultiSelect, NumberInput, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { checksOf, OPS, operandFor, retest, type Check, type Op } from "@/condition/checks";
import { at, drop, isMapping, put, type Json, type Mapping, type Path } from "@/condition/written";
import { asLine } from "@/condition/yaml";
import { anySaid, keyOf, saidIn, textIn } from "./survey-spec";

/** What can be asked of an answer, by what the answer is. */
const TESTS: Record<AnswerKind, readonly Op[]> = {
  number: ["lte", "gte", "is", "between"], one: ["is", "in", "is_not"], several: ["contains", "not_contains"], words: ["exists", "missing", "contains"],
};
const WORDS: Partial<Record<Op, string>> = { exists: "is answered", missing: "is not answered" };

export type AnswerKind = "number" | "one" | "several" | "words";

const SCALES = new Set(["nps", "csat", "ces", "stars"]);

export function answerKind(question: Mapping): AnswerKind {
  const type = textIn(question.type);
  if (SCALES.has(type)) return "number";
  if (Array.isArray(question.options)) return question.several === true ? "several" : "one";
  return "words";
}

interface Props { when: Json | undefined; earlier: readonly Mapping[]; language: string; label: string; readOnly?: boolean; onChange: (when: Json | undefined) => void }

/** When a question is asked, as a sentence: "Recommend is at most 6, and …". Only earlier questions can be asked about. */
export function WhenEditor({ when, earlier, language, label, readOnly, onChange }: Props) {
  const tests = isMapping(when) ? when : {};
  const rows = Object.keys(tests).flatMap((key) => checksOf(tests, [key]).map((check) => ({ key, check })));
  const free = earlier.filter((one) => !(keyOf(one) in tests));
  const set = (next: Json) => onChange(isMapping(next) && Object.keys(next).length === 0 ? undefined : next);
  if (earlier.length === 0) return <p className="ft-muted ft-small">It is always asked: no question comes before it.</p>;
  return (
    <fieldset className="ft-when">
      <legend>{label}</legend>
      {rows.length === 0 && <p className="ft-muted ft-small">Always.</p>}
      {rows.map(({ key, check }, place) => (
        <Row key={`${key} ${check.path.join(".")}`} first={place === 0} name={key} check={check} tests={tests} earlier={earlier} language={language} readOnly={readOnly} onChange={set} />
      ))}
      {!readOnly && free.length > 0 && (
        <Button size="xs" variant="default" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} onClick={() => { const last = free.at(-1) as Mapping; set({ ...tests, [keyOf(last)]: firstTest(last) }); }}>
          {rows.length === 0 ? "Ask it only when" : "And"}
        </Button>
      )}
    </fieldset>
  );
}

const optionsOf = (question: Mapping, language: string) =>
  (Array.isArray(question.options) ? question.options.filter(isMapping) : []).map((one) => ({ value: textIn(one.key), label: anySaid(one.label, language) || textIn(one.key) })).filter((one, place, all) => one.value !== "" && all.findIndex((other) => other.value === one.value) === place);

/** A test to begin with, which people change. */
function firstTest(question: Mapping): Json {
  const kind = answerKind(question);
  if (kind === "number") return { lte: textIn(question.type) === "nps" ? 6 : 3 };
  if (kind === "words") return { exists: true };
  const first = optionsOf(question, "")[0]?.value ?? "";
  return kind === "several" ? { contains: first } : { is: first };
}

interface RowProps { first: boolean; name: string; check: Check; tests: Mapping; earlier: readonly Mapping[]; language: string; readOnly?: boolean; onChange: (when: Json) => void }

function Row({ first, name, check, tests, earlier, language, readOnly, onChange }: RowProps) {
  const question = earlier.find((one) => keyOf(one) === name);
  const kind = question ? answerKind(question) : "words";
  const ops = check.op && !TESTS[kind].includes(check.op) ? [check.op, ...TESTS[kind]] : TESTS[kind];
  const named = earlier.map((one) => ({ value: keyOf(one), label: saidIn(one.ask, language) || anySaid(one.ask, language) || keyOf(one) }));
  const move = (next: string | null) => {
    const to = earlier.find((one) => keyOf(one) === next);
    if (!to || !next || next in tests) return;
    onChange(Object.fromEntries(Object.entries(tests).map(([key, test]) => (key === name ? [next, firstTest(to)] : [key, test]))));
  };
  return (
    <div className="ft-whenrow">
      <span className="ft-muted">{first ? "when" : "and"}</span>
      <Select aria-label="Question" size="xs" className="ft-whenwho" allowDeselect={false} disabled={readOnly} data={question ? named : [...named, { value: name, label: `${name}, which does not come before` }]} value={name} onChange={move} error={!question} />
      {check.op === null
        ? <code className="ft-mono">{asLine(at(tests, check.holder) ?? null)}</code>
        : <>
            <Select aria-label="Test" size="xs" className="ft-whenhow" allowDeselect={false} disabled={readOnly} data={ops.map((op) => ({ value: op, label: WORDS[op] ?? OPS[op][0] }))} value={check.op} onChange={(op) => op && onChange(retest(tests, check, op as Op))} />
            <Value check={check} kind={kind} options={question ? optionsOf(question, language) : []} readOnly={readOnly} onChange={(path, operand) => onChange(put(tests, path, operand))} />
          </>}
      {!readOnly && <button type="button" className="ft-iconbutton" aria-label="Take this test away" title="Take this test away" onClick={() => onChange(without(tests, check))}><IconX size={15} stroke={1.7} aria-hidden /></button>}
    </div>
  );
}

/** The tests without one; a question of which nothing is asked any more goes too. */
function without(tests: Mapping, check: Check): Json {
  const next = check.bare ? drop(tests, check.holder) : drop(tests, check.path);
  const left = at(next, check.holder);
  return isMapping(left) && Object.keys(left).length === 0 ? drop(next, check.holder) : next;
}

interface ValueProps { check: Check; kind: AnswerKind; options: readonly { value: string; label: string }[]; readOnly?: boolean; onChange: (path: Path, operand: Json) => void }

function Value({ check, kind, options, readOnly, onChange }: ValueProps) {
  const { op, operand, path } = check;
  if (op === null || op === "exists" || op === "missing") return null;
  if (kind === "number") {
    const bounds = op === "between" ? (operandFor(op, operand) as Json[]) : [operand];
    return <>{bounds.map((bound, place) => (
      <span key={place} className="ft-whenvalue">
        {place > 0 && <span className="ft-muted">and</span>}
        <NumberInput aria-label={place === 0 ? "Value" : "Upper value"} size="xs" w={72} disabled={readOnly} value={typeof bound === "number" ? bound : ""} onChange={(next) => onChange(path, op === "between" ? bounds.map((old, index) => (index === place ? Number(next) : old)) : Number(next))} />
      </span>
    ))}</>;
  }
  if (options.length > 0 && op === "in") return <MultiSelect aria-label="Values" size="xs" className="ft-whenwho" disabled={readOnly} data={[...options]} value={(Array.isArray(operand) ? operand : []).map(String)} onChange={(next) => onChange(path, next)} />;
  if (options.length > 0) return <Select aria-label="Value" size="xs" className="ft-whenwho" allowDeselect={false} disabled={readOnly} data={[...options]} value={String(operand ?? "")} onChange={(next) => next !== null && onChange(path, next)} />;
  return <TextInput aria-label="Value" size="xs" disabled={readOnly} value={textIn(operand)} onChange={(event) => onChange(path, event.currentTarget.value)} />;
}
