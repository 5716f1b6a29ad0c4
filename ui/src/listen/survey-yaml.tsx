import { useMemo, useState } from "react";
import { Card } from "@/components/page";
import { fromYaml } from "@/condition/yaml";
import { Code } from "@/deliver/template-code";
import { linesOf } from "@/journey/draft-text";
import type { Problem } from "./question-form";
import { SurveyProblems } from "./survey-problems";
import type { Spec } from "./survey-spec";

interface Props { text: string; problems: readonly Problem[]; spec: Spec; readOnly?: boolean; stale?: boolean; onChange: (text: string) => void }

/** The same survey as text, with the lines marked on which something is wrong. */
export function SurveyYaml({ text, problems, spec, readOnly, stale, onChange }: Props) {
  const [jump, setJump] = useState<{ line: number; turn: number }>();
  const read = useMemo(() => fromYaml(text), [text]);
  const lines = useMemo(() => linesOf(text, problems), [text, problems]);
  const marked = useMemo(() => new Map<number, "error" | "warning">(read.problem ? [[read.line ?? 1, "error"]] : problems.map((one, place) => [lines[place] ?? 1, one.severity])), [read, problems, lines]);
  const toQuestion = (question: number) => {
    const place = problems.findIndex((one) => one.path[0] === "questions" && Number(one.path[1]) === question);
    setJump({ line: lines[place] ?? 1, turn: (jump?.turn ?? 0) + 1 });
  };
  return (
    <div className="ft-grid ft-templategrid">
      <Card title="Its text" className="ft-c7"><div className="ft-body"><Code label="Survey as YAML" description="What would stand below “spec:” in a file. Comments are not kept." value={text} onChange={readOnly ? undefined : onChange} wrong={marked} jump={jump} /></div></Card>
      <div className="ft-stack ft-c5">
        {read.problem
          ? <p className="ft-note" data-tone="warn" role="alert">Line {read.line ?? 1}: {read.problem}</p>
          : <SurveyProblems problems={problems} spec={spec} stale={stale} onJump={toQuestion} />}
      </div>
    </div>
  );
}
