import { useState } from "react";
import type { Person, PersonPrediction } from "@/api/types";
import { PushRow } from "@/components/bars";
import { Card } from "@/components/page";
import { Spark } from "@/components/spark";
import { useFormats } from "@/formats/context";
import { predictionTitle } from "./prediction-title";

/** Why a prediction is what it is; one at a time. */
export function Why({ person }: { person: Person }) {
  const formats = useFormats();
  const [chosen, setChosen] = useState(0);
  const shown = person.predictions[chosen] ?? person.predictions[0];
  if (!shown) return <Card title="Predictions"><p className="ft-body ft-muted">Not yet: no prediction covers this person, or none has run since they came.</p></Card>;
  const value = shown.unit === "money" ? formats.money(shown.score) : formats.probability(shown.score);
  return (
    <Card title={`Why ${value}?`} side={`as of ${formats.day(shown.as_of)}`}>
      <div className="ft-body">
        {person.predictions.length > 1 && (
          <div className="ft-pick" role="group" aria-label="Prediction" style={{ marginBottom: 8 }}>
            {person.predictions.map((one, index) => <button key={`${one.key}${one.horizon}`} type="button" aria-pressed={one === shown} onClick={() => setChosen(index)}>{predictionTitle(one, person.predictions)}</button>)}
          </div>
        )}
        <Reasons prediction={shown} />
        <History prediction={shown} />
      </div>
    </Card>
  );
}

/** Reasons begin with a word of ours or with the name of an event. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function Reasons({ prediction }: { prediction: PersonPrediction }) {
  const formats = useFormats();
  if (prediction.unit === "money") {
    return <>{prediction.reasons.map((reason) => <div className="ft-line" key={reason.text}><span>{sentence(reason.text)}</span><span /></div>)}</>;
  }
  const most = Math.max(...prediction.reasons.map((reason) => Math.abs(reason.effect)), 1e-9);
  return (
    <>
      {prediction.reasons.map((reason) => (
        <PushRow
          key={reason.text}
          label={sentence(reason.text)}
          share={reason.effect / most}
          tone={reason.effect === 0 ? "rest" : reason.effect > 0 ? "bad" : "good"}
          value={<span title={`${formats.number(reason.effect)} log-odds`}>{reason.effect > 0 ? "raises" : "lowers"}</span>}
        />
      ))}
      <p className="ft-faint ft-small" style={{ marginTop: 4 }}>Length: how much each moves the probability of this person, the strongest as the measure.</p>
    </>
  );
}

function History({ prediction }: { prediction: PersonPrediction }) {
  const formats = useFormats();
  const points = prediction.history.slice(-16).map((one) => ({ value: one.score, low: one.low, high: one.high }));
  const first = prediction.history.slice(-16)[0];
  if (points.length < 2 || !first) return null;
  const show = (score: number) => (prediction.unit === "money" ? formats.money(score) : formats.probability(score));
  return (
    <div className="ft-line" style={{ borderTop: "1px solid var(--ft-border)", marginTop: 10, paddingTop: 10 }}>
      <span className="ft-muted">{show(first.score)} on {formats.day(first.as_of)}, {show(prediction.score)} on {formats.day(prediction.as_of)}</span>
      <span />
      <Spark points={points} width={170} height={40} />
    </div>
  );
}
