import { useFormats } from "@/formats/context";
import { Met, StageHead } from "./map-grid";
import { voiceInterval, voiceValue, type Body } from "./map-words";

/** The map one stage below the other, for a phone. */
export function MapReading({ body }: { body: Body }) {
  const formats = useFormats();
  return (
    <ol className="ft-mapnarrow">
      {body.stages.map((stage) => (
        <li key={stage.key} className="ft-card">
          <StageHead stage={stage} />
          {stage.voices.map((voice) => <p key={voice.measure} className="ft-mapvoice"><span>{voice.title}</span> <b>{voiceValue(voice, formats)}</b> <span className="ft-muted ft-small">{voiceInterval(voice, formats)}</span></p>)}
          <div className="met">{body.touchpoints.filter((one) => one.stage === stage.key).map((one) => <Met key={one.key} one={one} />)}</div>
        </li>
      ))}
    </ol>
  );
}
