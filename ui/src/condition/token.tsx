import { Autocomplete, Select } from "@mantine/core";
import { IconBolt, IconChartDots, IconChevronDown, IconDice3, IconMapPin, IconRoute, IconShieldCheck, IconTable, IconTrendingUp, IconUser, IconUsersGroup, type Icon } from "@tabler/icons-react";
import { useId, useState, type CSSProperties } from "react";
import { spanOf } from "@/formats/span";
import { OPS, retest, SETS, type Op } from "./checks";
import { useEditing } from "./context";
import { cleared, type Token } from "./phrases";
import { shown, typed } from "./scalars";
import type { Source, Term } from "./vocabulary";
import { at, put, rename, same, type Json, type Path } from "./written";
import { asLine, fromYaml } from "./yaml";

interface Props<Kind extends Token["kind"]> { token: Extract<Token, { kind: Kind }>; node: Json; onChange: (node: Json, tag: string) => void }

const ICONS: Partial<Record<Source["of"], Icon>> = { event: IconBolt, trait: IconUser, segment: IconChartDots, prediction: IconTrendingUp, persona: IconUsersGroup, consent: IconShieldCheck, table: IconTable };
/** Whose names are keys of documents: those are chosen, not typed. */
const CHOSEN = new Set<Source["of"]>(["segment", "prediction", "persona", "consent", "list", "table"]);

export const iconOf = (head: string | null, source?: Source): Icon | undefined =>
  source ? ICONS[source.of] : head === "near" ? IconMapPin : head === "bucket" ? IconDice3 : head === "message" || head === "event" ? IconRoute : undefined;

/** One token of a row: words stand there, values can be changed in their place. */
export function TokenField({ token, node, head, onChange }: { token: Token; node: Json; head: string | null; onChange: (node: Json, tag: string) => void }) {
  const { readOnly, vocabulary } = useEditing();
  if (token.kind === "word") return <span className="ft-word">{token.text}</span>;
  if (readOnly) return <Said token={token} head={head} title={token.kind === "name" && token.source ? titleOf(vocabulary.terms(token.source), token.value) : undefined} />;
  switch (token.kind) {
    case "name": return <NameField token={token} node={node} head={head} onChange={onChange} />;
    case "key": return <KeyField token={token} node={node} onChange={onChange} />;
    case "op": return <OpField token={token} node={node} onChange={onChange} />;
    case "scalar": return <ScalarField token={token} node={node} onChange={onChange} />;
    case "span": return <SpanField token={token} node={node} onChange={onChange} />;
    case "choice": return <Pick label={token.label} value={token.value} options={token.options} onPick={(value) => onChange(token.edit(node, value), "")} />;
    case "yaml": return <YamlField token={token} node={node} onChange={onChange} />;
    default: return <button type="button" className="ft-token-more" aria-label={token.label} title={token.label} onClick={() => onChange(put(node, [...token.path, (at(node, token.path) as Json[]).length], ""), "")}>+</button>;
  }
}

const titleOf = (terms: readonly Term[], value: string): string => terms.find((term) => term.value === value)?.title ?? value;

/** A token where nothing may be changed. */
function Said({ token, head, title }: { token: Exclude<Token, { kind: "word" }>; head: string | null; title?: string }) {
  if (token.kind === "extend") return null;
  if (token.kind === "op") return <span className="ft-word">{token.check.op ? OPS[token.check.op][0] : ""}</span>;
  if (token.kind === "choice") return <span className="ft-word">{token.options.find(([key]) => key === token.value)?.[1] ?? token.value}</span>;
  const subject = token.kind === "name" && token.subject;
  const Sign = subject ? iconOf(head, token.source) : undefined;
  const text = token.kind === "yaml" ? asLine(token.value) : token.kind === "span" ? spanOf(token.value) : token.kind === "scalar" ? shown(token.value) : title ?? token.value;
  return <span className="ft-token" data-subject={subject} data-mono={token.kind === "yaml"}>{Sign && <Sign size={15} stroke={1.7} className="ft-icon" aria-hidden />}<bdi>{text || "…"}</bdi></span>;
}

const wide = (text: string, most = 44): CSSProperties => ({ "--ft-ch": Math.min(most, Math.max(3, text.length)) }) as CSSProperties;

const classOf = (subject: boolean | undefined, value: string, signed: boolean, chosen = false) =>
  ["ft-token-field", subject && "ft-subject", value === "" && "ft-blank", signed && "ft-signed", chosen && "ft-chosen"].filter(Boolean).join(" ");

/** A choice among few, as wide as what is chosen. */
export function Pick({ label, value, options, onPick }: { label: string; value: string; options: readonly (readonly [string, string])[]; onPick: (value: string) => void }) {
  const known = options.some(([key]) => key === value);
  const title = options.find(([key]) => key === value)?.[1] ?? value;
  return (
    <span className="ft-token ft-token-pick">
      <select aria-label={label} value={value} style={wide(title)} onChange={(event) => onPick(event.currentTarget.value)}>
        {!known && <option value={value}>{value}</option>}
        {options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
      </select>
      <IconChevronDown size={13} stroke={1.7} className="ft-icon" aria-hidden />
    </span>
  );
}

function NameField({ token, node, head, onChange }: Props<"name"> & { head: string | null }) {
  const { vocabulary } = useEditing();
  const terms = token.source ? vocabulary.terms(token.source) : [];
  const Sign = token.subject ? iconOf(head, token.source) : undefined;
  const set = (value: string) => onChange(put(node, token.path, value), `${token.label} ${token.path.join(".")}`);
  const sign = Sign && <Sign size={15} stroke={1.7} aria-hidden />;
  if (token.source && CHOSEN.has(token.source.of) && terms.length > 0) {
    const data = terms.map((term) => ({ value: term.value, label: term.title ?? term.value }));
    if (token.value && !terms.some((term) => term.value === token.value)) data.push({ value: token.value, label: token.value });
    return (
      <Select
        searchable allowDeselect={false} className={classOf(token.subject, token.value, Boolean(sign), true)} aria-label={token.label} placeholder={`Choose: ${token.label.toLowerCase()}`} data={data} value={token.value || null} leftSection={sign} leftSectionWidth={sign ? 28 : undefined} rightSectionWidth={22}
        style={wide(titleOf(terms, token.value) || token.label, 40)} comboboxProps={{ width: 280, position: "bottom-start" }} nothingFoundMessage="Nothing found" onChange={(value) => value !== null && set(value)}
      />
    );
  }
  return <Typed label={token.label} text={token.value} terms={terms} subject={token.subject} sign={sign} onType={set} />;
}

interface TypedProps { label: string; text: string; terms: readonly Term[]; subject?: boolean; sign?: React.ReactNode; onType: (text: string) => void; onLeave?: (text: string) => void; placeholder?: string }

/** A text with suggestions. What is typed stays as it is typed until the field is left. */
function Typed({ label, text, terms, subject, sign, onType, onLeave, placeholder }: TypedProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const value = draft ?? text;
  const notes = new Map(terms.map((term) => [term.value, term.note]));
  return (
    <Autocomplete
      className={classOf(subject, value, Boolean(sign))} aria-label={label} placeholder={placeholder ?? label} data={[...new Set(terms.map((term) => term.value))]} limit={40} value={value} style={wide(value || label)} leftSection={sign} leftSectionWidth={sign ? 28 : undefined}
      comboboxProps={{ width: 280, position: "bottom-start" }} spellCheck={false} autoComplete="off"
      renderOption={({ option }) => <span className="ft-option"><bdi>{option.value}</bdi>{notes.get(option.value) && <span>{notes.get(option.value)}</span>}</span>}
      onFocus={() => setDraft(text)} onChange={(next) => { setDraft(next); onType(next); }} onBlur={() => { onLeave?.(value); setDraft(null); }}
    />
  );
}

/** The name of a property: written when the field is left, so that a name half typed never meets another. */
function KeyField({ token, node, onChange }: Props<"key">) {
  const { vocabulary } = useEditing();
  const [taken, setTaken] = useState(false);
  const leave = (text: string) => {
    const next = rename(node, token.path, text.trim());
    setTaken(text.trim() !== token.value && same(next, node));
    if (!same(next, node)) onChange(next, "");
  };
  return (
    <>
      <Typed label={token.label} text={token.value} terms={vocabulary.terms(token.source)} onType={() => setTaken(false)} onLeave={leave} />
      {taken && <span className="ft-small ft-bad" role="alert">This property is tested here already.</span>}
    </>
  );
}

function OpField({ token, node, onChange }: Props<"op">) {
  const { check, set } = token;
  const options = (SETS[set] as readonly Op[]).map((op) => [op, OPS[op][0]] as const);
  return <Pick label={token.label} value={check.op ?? ""} options={options} onPick={(op) => onChange(retest(node, check, op as Op), "")} />;
}

function ScalarField({ token, node, onChange }: Props<"scalar">) {
  const { vocabulary } = useEditing();
  const terms = token.source ? vocabulary.terms(token.source) : [];
  const kind = token.source ? vocabulary.kindOf(token.source) : undefined;
  const tag = `${token.label} ${token.path.join(".")}`;
  const leave = (text: string) => {
    const list = at(node, token.path.slice(0, -1));
    if (token.list && text.trim() === "" && Array.isArray(list) && list.length > 1) onChange(cleared(node, token.path), "");
  };
  return <Typed label={token.label} placeholder="value" text={shown(token.value, kind)} terms={terms} onType={(text) => onChange(put(node, token.path, typed(text, kind)), tag)} onLeave={leave} />;
}

const UNITS = [["m", "minutes"], ["h", "hours"], ["d", "days"], ["w", "weeks"], ["mo", "months"], ["y", "years"]] as const;

/** A length of time: a number and its unit; anything else as it was written. */
function SpanField({ token, node, onChange }: Props<"span">) {
  const found = /^(\d+)(mo|[smhdwy])$/.exec(token.value);
  const tag = `${token.label} ${token.path.join(".")}`;
  const set = (value: string) => onChange(put(node, token.path, value), tag);
  if (!found?.[2]) return <Typed label={token.label} placeholder="30d" text={token.value} terms={[]} onType={set} />;
  const [, count = "", unit] = found;
  return (
    <span className="ft-token ft-token-span">
      <input aria-label={token.label} inputMode="numeric" value={count} style={wide(count)} onChange={(event) => set(`${event.currentTarget.value.replace(/\D/g, "").slice(0, 6) || "0"}${unit}`)} />
      <select aria-label={`Unit of ${token.label.toLowerCase()}`} value={unit} style={wide(UNITS.find(([key]) => key === unit)?.[1] ?? unit)} onChange={(event) => set(`${count}${event.currentTarget.value}`)}>
        {unit === "s" && <option value="s">seconds</option>}
        {UNITS.map(([key, title]) => <option key={key} value={key}>{count === "1" ? title.slice(0, -1) : title}</option>)}
      </select>
      <IconChevronDown size={13} stroke={1.7} className="ft-icon" aria-hidden />
    </span>
  );
}

function YamlField({ token, node, onChange }: Props<"yaml">) {
  return <YamlText label={token.label} value={token.value} path={token.path} node={node} onChange={onChange} />;
}

/** What has no form of its own: its YAML on one line, taken over as soon as it can be read. */
export function YamlText({ label, value, path, node, onChange }: { label: string; value: Json; path: Path; node: Json; onChange: (node: Json, tag: string) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  const [problem, setProblem] = useState<string>();
  const id = useId();
  const text = draft ?? asLine(value);
  const type = (next: string) => {
    setDraft(next);
    const read = fromYaml(next);
    setProblem(read.problem);
    if (read.value !== undefined) onChange(put(node, path, read.value), `yaml ${path.join(".")}`);
  };
  return (
    <>
      <textarea className="ft-token-yaml" rows={1} aria-label={`${label}, as YAML`} aria-invalid={Boolean(problem)} aria-describedby={problem ? id : undefined} value={text} spellCheck={false} onFocus={() => setDraft(text)} onChange={(event) => type(event.currentTarget.value)} onBlur={() => { if (!problem) setDraft(null); }} />
      {problem && <span id={id} className="ft-small ft-bad">{problem}</span>}
    </>
  );
}
