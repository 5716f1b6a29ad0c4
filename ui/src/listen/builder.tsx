import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { queries } from "@/api/queries";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { QuestionForm, type Problem } from "./question-form";
import { QuestionList } from "./question-list";
import { SurveyLanguages } from "./survey-languages";
import { SurveyPreview, type useSurveyLook } from "./survey-preview";
import { placeOfProblem, SurveyProblems } from "./survey-problems";
import { SurveyRules, SurveyTexts } from "./survey-settings";
import { anySaid, languagesOf, OWN, questionsOf, textIn, type Spec } from "./survey-spec";
import "./listen.css";
import "@/deliver/templates.css";
import "@/journey/making.css";

interface Props { spec: Spec; keyTold: string; fixed: boolean; look: ReturnType<typeof useSurveyLook>; refused: readonly Problem[]; readOnly?: boolean; onChange: (spec: Spec) => void }

/** Questions, their words and when they are asked, beside the page as people see it. On a phone it is for reading. */
export function SurveyBuilder({ spec, keyTold, fixed, look, refused, readOnly, onChange }: Props) {
  const isPhone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const types = useQuery(queries.questionTypes());
  const [chosen, setChosen] = useState(0);
  const [wanted, setWanted] = useState(OWN);
  const there = languagesOf(spec);
  const language = there.includes(wanted) ? wanted : there[0] ?? OWN;
  const told = look.query.data;
  const problems = useMemo(() => {
    const found = told?.problems ?? NONE;
    return [...found, ...refused.filter((one) => !found.some((other) => other.what === one.what && other.path.join(".") === one.path.join(".")))];
  }, [told, refused]);
  const wrong = useMemo(() => new Set(problems.filter((one) => one.severity === "error").map(placeOfProblem).filter((place) => place !== undefined)), [problems]);
  const whens = useMemo(() => new Map((told?.questions ?? []).map((one) => [one.key, one.when])), [told]);
  const title = anySaid(spec.title, language);
  const closed = readOnly || isPhone;
  return (
    <Loaded query={types} rows={8}>
      {({ rows }) => {
        const fields = (type: string) => rows.find((one) => one.name === type)?.fields.filter((field) => field.kind === "text").map((field) => field.name) ?? [];
        const place = Math.min(chosen, Math.max(0, questionsOf(spec).length - 1));
        if (isPhone) return <><Reading spec={spec} language={language} whens={whens} readOnly={readOnly} /><SurveyProblems problems={problems} spec={spec} stale={look.stale} pending={look.query.isPending} /><SurveyPreview look={look} title={title} /></>;
        return (
          <div className="ft-grid ft-templategrid">
            <div className="ft-stack ft-c7">
              <Card title="Languages" side={<SurveyLanguages spec={spec} chosen={language} fields={fields} readOnly={closed} onChoose={setWanted} onChange={onChange} />}><span /></Card>
              <QuestionList spec={spec} language={language} types={rows} chosen={place} wrong={wrong} whens={whens} readOnly={closed} onChoose={setChosen} onChange={onChange} />
              <QuestionForm key={place} spec={spec} place={place} language={language} types={rows} problems={problems} readOnly={closed} onChange={onChange} />
              <SurveyTexts spec={spec} keyTold={keyTold} fixed={fixed} language={language} problems={problems} readOnly={closed} onChange={onChange} />
              <SurveyRules spec={spec} problems={problems} readOnly={closed} onChange={onChange} />
            </div>
            <div className="ft-stack ft-c5 ft-surveyside">
              <SurveyPreview look={look} title={title} />
              <SurveyProblems problems={problems} spec={spec} stale={look.stale} pending={look.query.isPending} onJump={setChosen} />
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}

const NONE: readonly Problem[] = [];

function Reading({ spec, language, whens, readOnly }: { spec: Spec; language: string; whens: ReadonlyMap<string, string | null>; readOnly?: boolean }) {
  return (
    <Card title="Questions">
      <ol className="ft-stepsread">
        {questionsOf(spec).map((question, place) => {
          const when = whens.get(textIn(question.key));
          return (
            <li key={textIn(question.key) || place}>
              <b>{place + 1}. {anySaid(question.ask, language) || textIn(question.key)}</b>
              <span className="ft-muted ft-small">{textIn(question.type)}{question.required === true ? ", required" : ""}{when ? `, ${when}` : ""}</span>
            </li>
          );
        })}
      </ol>
      {!readOnly && <p className="ft-body ft-muted ft-small">To change it, open this page on a larger screen.</p>}
    </Card>
  );
}
