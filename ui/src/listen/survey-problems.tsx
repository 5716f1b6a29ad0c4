import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { Card } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { useFormats } from "@/formats/context";
import type { Problem } from "./question-form";
import { keyOf, questionsOf, type Spec } from "./survey-spec";

interface Props { problems: readonly Problem[]; spec: Spec; stale?: boolean; pending?: boolean; onJump?: (place: number) => void }

/** The question that a problem speaks of; undefined where it is of the whole survey. */
export const placeOfProblem = (problem: Problem): number | undefined => (problem.path[0] === "questions" && problem.path.length > 1 ? Number(problem.path[1]) : undefined);

/** What is wrong and what is doubtful, each with a way to its question. */
export function SurveyProblems({ problems, spec, stale, pending, onJump }: Props) {
  const formats = useFormats();
  const errors = problems.filter((one) => one.severity === "error").length;
  const questions = questionsOf(spec);
  const where = (problem: Problem) => {
    const place = placeOfProblem(problem);
    if (place === undefined) return problem.path.length > 0 ? problem.path.join(", ").replaceAll("_", " ") : "The whole survey";
    const rest = problem.path.slice(2).join(", ");
    return `Question ${place + 1}${questions[place] ? `, ${keyOf(questions[place])}` : ""}${rest ? `: ${rest}` : ""}`;
  };
  return (
    <Card title="What to look at" side={problems.length > 0 ? `${formats.count(errors)} wrong, ${formats.count(problems.length - errors)} doubtful` : undefined}>
      <div data-stale={stale} aria-live="polite">
        {problems.length === 0 ? <p className="ft-body ft-muted">{pending ? "Reading the survey" : "Nothing is wrong or doubtful."}</p> : (
          <ul className="ft-doubts">
            {problems.map((problem) => {
              const place = placeOfProblem(problem);
              return (
                <li key={`${problem.code} ${problem.path.join(".")} ${problem.what}`}>
                  {problem.severity === "error" ? <IconCircleX size={16} stroke={1.7} className="ft-bad" aria-label="wrong" /> : <IconAlertTriangle size={16} stroke={1.7} className="ft-warn" aria-label="doubtful" />}
                  <div>
                    <p>{asSentence(problem.what)}</p>
                    {problem.next_step && <p className="ft-muted ft-small">{problem.next_step}</p>}
                    {place !== undefined && onJump ? <button type="button" className="ft-link ft-small" onClick={() => onJump(place)}>{where(problem)}</button> : <span className="ft-faint ft-small">{where(problem)}</span>}
                  </div>
                </li>
              );
            })}
          </ul>
        )}
      </div>
    </Card>
  );
}
