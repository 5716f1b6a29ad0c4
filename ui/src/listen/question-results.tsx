import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/types";
import { BarRow } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { shareInterval } from "./score-words";
import { WrittenAnswers } from "./written-answers";
import "./listen.css";

type Result = Schemas["QuestionResultBody"];
type Part = Schemas["PartResultBody"];

/** What was answered to one question: bars with intervals, a table for a matrix, words page by page. */
export function QuestionResults({ survey, question }: { survey: string; question: Result }) {
  const formats = useFormats();
  const mean = question.parts[0]?.mean;
  const side = question.n === 0 ? "nobody answered it yet" : `${formats.plural(question.n, "response", "responses")}${mean ? `, mean ${formats.number(mean.score, 2)} (${formats.number(mean.low, 2)} to ${formats.number(mean.high, 2)})` : ""}`;
  return (
    <Card title={question.ask} side={side}>
      {question.n === 0 && <p className="ft-body ft-muted">It may be asked of few: look when it is asked.</p>}
      {question.n > 0 && question.shape === "matrix" && <Matrix survey={survey} question={question} />}
      {question.n > 0 && question.shape !== "matrix" && question.parts.filter((part) => part.n > 0).map((part) => (
        <div key={part.path}>
          {part.label && <h3 className="ft-parthead">{part.label}</h3>}
          {part.holds === "text" ? <WrittenAnswers survey={survey} part={part} ask={part.label ?? question.ask} /> : <Bars survey={survey} part={part} />}
        </div>
      ))}
    </Card>
  );
}

/** The way to the responses that gave an answer. */
function Answer({ survey, path, value, label, count }: { survey: string; path: string; value: string; label: string; count: number }) {
  if (count === 0) return <>{label}</>;
  return <Link to="/surveys/$key" params={{ key: survey }} search={{ tab: "responses", question: path, answer: value } as never}>{label}</Link>;
}

function Bars({ survey, part }: { survey: string; part: Part }) {
  const formats = useFormats();
  const most = Math.max(...part.counts.map((one) => one.count), 1);
  return (
    <div className="ft-body">
      {part.counts.map((one) => (
        <BarRow
          key={one.value} share={one.count / most} label={<Answer survey={survey} path={part.path} value={one.value} label={one.label} count={one.count} />}
          value={<span title={one.share ? `${formats.count(one.count)} of ${formats.count(part.n)}, ${shareInterval(one.share, formats)}` : undefined}>{formats.share(one.share?.score, part.n)}</span>}
        />
      ))}
      {part.holds === "choices" && <p className="ft-faint ft-small">Several could be chosen: the shares may add up to more than all.</p>}
      <details className="ft-astable"><summary>As a table, with intervals</summary><Counts part={part} /></details>
    </div>
  );
}

function Counts({ part }: { part: Part }) {
  const formats = useFormats();
  return (
    <table className="ft-table" data-all>
      <thead><tr><th scope="col">Answer</th><th scope="col" className="ft-num">Responses</th><th scope="col" className="ft-num">Share, 90 %</th></tr></thead>
      <tbody>
        {part.counts.map((one) => (
          <tr key={one.value}><td>{one.label}</td><td className="ft-num">{formats.count(one.count)}</td><td className="ft-num">{formats.share(one.share?.score, part.n)} {one.share && <span className="ft-muted">{shareInterval(one.share, formats)}</span>}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

/** Shares of each row; the darker, the more. Each cell says its share, so that the colour tells nothing of its own. */
function Matrix({ survey, question }: { survey: string; question: Result }) {
  const formats = useFormats();
  const columns = question.parts[0]?.counts ?? [];
  return (
    <div className="ft-scroll" tabIndex={0} role="region" aria-label={question.ask}>
      <table className="ft-table ft-surveymatrix">
        <thead><tr><th scope="col"><span className="ft-sr">Row</span></th>{columns.map((column) => <th key={column.value} scope="col" className="ft-num">{column.label}</th>)}<th scope="col" className="ft-num">Responses</th></tr></thead>
        <tbody>
          {question.parts.map((part) => (
            <tr key={part.path}>
              <th scope="row">{part.label}</th>
              {part.counts.map((cell) => (
                <td key={cell.value} className="ft-num" data-heat={Math.min(5, Math.floor((cell.share?.score ?? 0) * 6))}>
                  <Answer survey={survey} path={part.path} value={cell.value} label={formats.share(cell.share?.score, part.n)} count={cell.count} />
                  {cell.share && <span className="two">{shareInterval(cell.share, formats)}</span>}
                </td>
              ))}
              <td className="ft-num ft-muted">{formats.count(part.n)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
