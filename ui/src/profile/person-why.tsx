import { useState } from "react";
import type { Person, PersonPrediction } from "@/api/types";
import { PushRow } from "@/components/bars";
import { Card } from "@/components/page";
import { Spark } from "@/components/spark";
import { useFormats } from "@/formats/context";
import { scoresIn } from "@/formats/scores";
import { spanOf } from "@/formats/span";
import { useExact, Waterfall } from "./person-exact";
import { RiskByHorizon } from "./person-risk";

/** Why a prediction is what it is; one at a time, with its curve where it has several horizons. */
export function Why({ person }: { person: Person }) {
  const formats = useFormats();
  const [key, setKey] = useState("");
  const [horizon, setHorizon] = useState("");
  const keys = [...new Set(person.predictions.map((one) => one.key))];
  const curve = person.predictions.filter((one) => one.key === (keys.includes(key) ? key : keys[0]));
  const shown = curve.find((one) => one.horizon === horizon) ?? curve[0];
  const exact = useExact(person.profile_id, shown);
  if (!shown) return <Card title="Predictions"><p className="ft-body ft-muted">Not yet: no prediction covers this person, or none has run since they came.</p></Card>;
  const value = scoresIn(shown.unit, formats).one(shown.score);
  const isCurve = curve.length > 1 && shown.unit === "probability";
  return (
    <>
      {keys.length > 1 && (
        <div className="ft-pick" role="group" aria-label="Prediction">
          {keys.map((one) => <button key={one} type="button" aria-pressed={one === shown.key} onClick={() => setKey(one)}>{person.predictions.find((other) => other.key === one)?.title ?? one}</button>)}
        </div>
      )}
      <div className="ft-grid" data-fill="true">
        <Card title={`Why ${value}?`} side={`${curve.length > 1 ? `within ${spanOf(shown.horizon)}, ` : ""}as of ${formats.day(shown.as_of)}`} className={isCurve ? "ft-c7" : "ft-c12"}>
          <div className="ft-body">
            {curve.length > 1 && (
              <div className="ft-pick" role="group" aria-label="Horizon" style={{ marginBottom: 8 }}>
                {curve.map((one) => <button key={one.horizon} type="button" aria-pressed={one === shown} onClick={() => setHorizon(one.horizon)}>{spanOf(one.horizon)}</button>)}
              </div>
            )}
            {exact ? <Waterfall exact={exact} name="Now" /> : <Reasons prediction={shown} />}
            <History prediction={shown} />
          </div>
        </Card>
        {isCurve && <RiskByHorizon curve={curve} className="ft-c5" />}
      </div>
    </>
  );
}

/** Reasons begin with a word of ours or with the name of an event. */
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function Reasons({ prediction }: { prediction: PersonPrediction }) {
  const formats = useFormats();
  if (prediction.unit !== "probability") {
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

/** Two scores are not a history yet. */
const LEAST_POINTS = 3;

function History({ prediction }: { prediction: PersonPrediction }) {
  const formats = useFormats();
  const points = prediction.history.slice(-16).map((one) => ({ value: one.score, low: one.low, high: one.high }));
  const first = prediction.history.slice(-16)[0];
  if (points.length < LEAST_POINTS || !first) return null;
  const show = scoresIn(prediction.unit, formats).one;
  return (
    <div className="ft-line" style={{ borderTop: "1px solid var(--ft-border)", marginTop: 10, paddingTop: 10 }}>
      <span className="ft-muted">{show(first.score)} on {formats.day(first.as_of)}, {show(prediction.score)} on {formats.day(prediction.as_of)}</span>
      <span />
      <Spark points={points} width={170} height={40} />
    </div>
  );
}
