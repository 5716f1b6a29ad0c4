import { IconCircleX } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Code } from "@/deliver/template-code";
import { useFormats } from "@/formats/context";
import { linesOf } from "./draft-text";

type Problem = Schemas["ConditionProblem"];

interface WrittenProps { text: string; onChange: (text: string) => void; broken?: string; brokenAt?: number; lacks: readonly Problem[]; jump?: { line: number; turn: number } }

/** The text, with the lines marked on which something is missing. */
export function Written({ text, onChange, broken, brokenAt, lacks, jump }: WrittenProps) {
  const wrong = useMemo(() => new Map<number, "error" | "warning">(broken ? [[brokenAt ?? 1, "error"]] : linesOf(text, lacks).map((line) => [line, "error"])), [text, broken, brokenAt, lacks]);
  return <Code label="Journey as YAML" description="What would stand below “spec:” in a file. Comments are not kept." value={text} onChange={onChange} wrong={wrong} jump={jump} />;
}

interface MissingProps { className: string; text: string; broken?: string; brokenAt?: number; lacks: readonly Problem[]; stale: boolean; unsaved: boolean; onJump: (line: number) => void }

/** What keeps the draft from being published, each with the way to its line. */
export function Missing({ className, text, broken, brokenAt, lacks, stale, unsaved, onJump }: MissingProps) {
  const formats = useFormats();
  const lines = useMemo(() => linesOf(text, lacks), [text, lacks]);
  const nothing = unsaved ? "It is as in force. Change it and save the draft." : "Nothing: it can be published.";
  return (
    <Card title="What is missing" className={className} side={lacks.length > 0 && <span className="ft-faint ft-small">{formats.plural(lacks.length, "thing", "things")}</span>}>
      <div aria-live="polite">
        {broken ? <ul className="ft-doubts"><Lack what={broken} line={brokenAt ?? 1} onJump={onJump} /></ul> : (
          <div data-stale={stale && !unsaved}>
            {lacks.length === 0 ? <p className="ft-body ft-muted">{stale && !unsaved ? "Save the draft, and it is looked at again." : nothing}</p> : (
              <ul className="ft-doubts">{lacks.map((lack, place) => <Lack key={`${lack.code} ${lack.path.join(".")} ${lack.what}`} what={lack.what} next={lack.next_step} line={lines[place] ?? 1} onJump={onJump} />)}</ul>
            )}
          </div>
        )}
      </div>
    </Card>
  );
}

function Lack({ what, next, line, onJump }: { what: string; next?: string; line: number; onJump: (line: number) => void }) {
  return (
    <li>
      <IconCircleX size={16} stroke={1.7} className="ft-bad" aria-label="missing" />
      <div>
        <p>{asSentence(what)}</p>
        {next && <p className="ft-muted ft-small">{next}</p>}
        <button type="button" className="ft-link ft-small" onClick={() => onJump(line)}>Line {line}</button>
      </div>
    </li>
  );
}
