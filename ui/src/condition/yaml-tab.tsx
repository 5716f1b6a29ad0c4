import { useId, useState } from "react";
import { same, type Json } from "./written";
import { fromYaml, toYaml } from "./yaml";

interface Props { value: Json; readOnly?: boolean; onChange: (value: Json, tag: string) => void }

/** The condition as YAML, both ways: what is typed is taken over as soon as it can be read. */
export function YamlTab({ value, readOnly, onChange }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  const [problem, setProblem] = useState<{ text: string; line?: number }>();
  const id = useId();
  const told = value === null ? "" : toYaml(value);
  // A change that came from elsewhere, such as the builder above, takes the place of what was typed.
  const mine = draft !== null && (problem !== undefined || same(fromYaml(draft).value ?? null, value));
  const text = mine ? draft : told;
  const type = (next: string) => {
    const read = fromYaml(next);
    setDraft(next);
    setProblem(read.problem === undefined ? undefined : { text: read.problem, line: read.line });
    if (read.problem === undefined) onChange(read.value ?? null, "yaml");
  };
  if (readOnly) return <pre className="ft-pre" tabIndex={0} aria-label="Condition as YAML">{told}</pre>;
  return (
    <>
      <textarea
        className="ft-yaml" aria-label="Condition as YAML" spellCheck={false} aria-invalid={Boolean(problem)} aria-describedby={id} value={text}
        onChange={(event) => type(event.currentTarget.value)} onBlur={() => { if (!problem) setDraft(null); }}
      />
      <p id={id} className={`ft-small ${problem ? "ft-bad" : "ft-muted"}`} role="status">{problem ? `${problem.line ? `Line ${problem.line}: ` : ""}${problem.text} The condition above stays as it was.` : "As in the file of the segment. The conditions above follow what you write."}</p>
    </>
  );
}
