import { IconMoodSmile, IconBriefcase, IconStar } from "@tabler/icons-react";
import { useAddress } from "@/components/address";
import { useFormats } from "@/formats/context";
import { MapFeeling } from "./map-feeling";
import { changeWords, goingWords, isReal, voiceInterval, voiceValue, withinWords, type Body, type Stage, type Touchpoint } from "./map-words";

/** Stages side by side; below each what people feel, say and meet. A table, so that it reads as one. */
export function MapGrid({ body }: { body: Body }) {
  return (
    <section className="ft-card ft-mapwide" aria-label="Map">
      <div className="ft-scroll" tabIndex={0} role="region" aria-label="Stages and lanes">
        <table className="ft-map" style={{ minWidth: 130 + body.stages.length * 150 }}>
          <thead>
            <tr>
              <td className="ft-muted ft-small">People at the stage, who goes on from it</td>
              {body.stages.map((stage) => <th key={stage.key} scope="col"><StageHead stage={stage} /></th>)}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row"><IconMoodSmile size={16} stroke={1.7} className="ft-icon" aria-hidden />Feeling<span className="ft-muted ft-small">sentiment of what they wrote, −1 to 1</span></th>
              <td colSpan={body.stages.length} className="wide"><MapFeeling body={body} /></td>
            </tr>
            <Said body={body} />
            {body.lanes.map((lane) => (
              <tr key={lane.key}>
                <th scope="row">{lane.title}</th>
                {body.stages.map((stage) => (
                  <td key={stage.key}>
                    {body.touchpoints.filter((one) => one.lane === lane.key && one.stage === stage.key).map((one) => <Met key={one.key} one={one} />)}
                  </td>
                ))}
              </tr>
            ))}
            <Open body={body} />
          </tbody>
        </table>
      </div>
    </section>
  );
}

export function StageHead({ stage }: { stage: Stage }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const at = `stage:${stage.key}`;
  const change = changeWords(stage, formats);
  return (
    <button type="button" className="ft-plain ft-mapstage" aria-pressed={address.at === at} onClick={() => setAddress({ at, what: undefined, page: undefined })}>
      <span className="name">{stage.title}</span>
      <span className="people">{formats.count(stage.people)}</span>
      <span className="going">{goingWords(stage.going, formats)}</span>
      {stage.going.share && <span className="ft-muted ft-small">{formats.interval(stage.going.share.low, stage.going.share.high, "rate")} {withinWords(stage.going, formats)}</span>}
      {change && <span className={`ft-small ${isReal(stage) ? (stage.change?.value ?? 0) > 0 ? "ft-good" : "ft-bad" : "ft-muted"}`}>{change}</span>}
    </button>
  );
}

function Said({ body }: { body: Body }) {
  const formats = useFormats();
  if (!body.listening.includes("scores")) return null;
  return (
    <tr>
      <th scope="row"><IconStar size={16} stroke={1.7} className="ft-icon" aria-hidden />Scores</th>
      {body.stages.map((stage) => {
        const voices = stage.voices.filter((one) => one.measure !== "sentiment");
        return (
          <td key={stage.key}>
            {voices.length === 0 && <span className="ft-muted ft-small">no answers</span>}
            {voices.map((voice) => <p key={voice.measure} className="ft-mapvoice"><span>{voice.title}</span> <b>{voiceValue(voice, formats)}</b> <span className="ft-muted ft-small">{voiceInterval(voice, formats)}</span></p>)}
          </td>
        );
      })}
    </tr>
  );
}

function Open({ body }: { body: Body }) {
  const formats = useFormats();
  return (
    <tr>
      <th scope="row"><IconBriefcase size={16} stroke={1.7} className="ft-icon" aria-hidden />Open<span className="ft-muted ft-small">of those who are no further</span></th>
      {body.stages.map((stage) => <td key={stage.key} className="ft-small">{formats.plural(stage.open_cases, "case", "cases")}, {formats.plural(stage.open_issues, "issue", "issues")}</td>)}
    </tr>
  );
}

export function Met({ one }: { one: Touchpoint }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const at = `touchpoint:${one.key}`;
  const feeling = one.voices.find((voice) => voice.measure === "sentiment" && voice.value);
  return (
    <button type="button" className="ft-plain ft-maptouch" aria-pressed={address.at === at} onClick={() => setAddress({ at, what: undefined, page: undefined })}>
      <span className="name">{one.title}</span>
      <span className="ft-muted">{formats.people(one.people)}, {formats.plural(one.volume, "time", "times")}</span>
      {feeling && <span className={(feeling.value?.value ?? 0) < 0 ? "ft-bad" : "ft-good"}>feeling {voiceValue(feeling, formats)}</span>}
      {one.open_cases > 0 && <span className="ft-warn">{formats.plural(one.open_cases, "open case", "open cases")}</span>}
    </button>
  );
}
