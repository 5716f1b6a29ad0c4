import { useFormats } from "@/formats/context";
import { voiceInterval, voiceValue, type Body, type Voice } from "./map-words";

const HEIGHT = 92;
const y = (value: number) => 6 + ((1 - value) / 2) * (HEIGHT - 24);

/** The sentiment of what people wrote, stage by stage, -1 to 1, with its 90 % band; a gap where too few wrote. */
export function MapFeeling({ body }: { body: Body }) {
  const formats = useFormats();
  const count = body.stages.length;
  const voices = body.stages.map((stage) => stage.voices.find((one) => one.measure === "sentiment"));
  const x = (place: number) => ((place + 0.5) / count) * 100;
  const told = voices.map((voice, place) => ({ voice, place })).filter((one): one is { voice: Voice; place: number } => Boolean(one.voice?.value));
  if (told.length === 0) {
    return <p className="ft-muted ft-mapnotyet">Not yet: {body.listening.includes("sentiment") ? "fewer than ten people of any stage wrote something that could be judged." : "nothing that people wrote has been judged."}</p>;
  }
  const runs = told.reduce<{ voice: Voice; place: number }[][]>((found, one) => {
    const run = found[found.length - 1];
    if (run && run[run.length - 1]?.place === one.place - 1) run.push(one);
    else found.push([one]);
    return found;
  }, []);
  const edge = (run: { voice: Voice; place: number }[], name: "low" | "high" | "value") => run.map(({ voice, place }) => `${x(place)},${y(voice.value?.[name] ?? 0)}`);
  const words = told.map(({ voice, place }) => `${body.stages[place]?.title} ${voiceValue(voice, formats)} (${voiceInterval(voice, formats)}, ${formats.people(voice.people)})`).join("; ");
  return (
    <div className="ft-mapfeeling" role="img" aria-label={`Feeling by stage, −1 to 1: ${words}`}>
      <svg viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        <line className="zero" x1="0" x2="100" y1={y(0)} y2={y(0)} vectorEffect="non-scaling-stroke" />
        {runs.map((run) => run.length > 1 && (
          <g key={run[0]?.place}>
            <polygon className="band" points={[...edge(run, "high"), ...edge(run, "low").reverse()].join(" ")} />
            <polyline className="line" points={edge(run, "value").join(" ")} vectorEffect="non-scaling-stroke" />
          </g>
        ))}
      </svg>
      {told.map(({ voice, place }) => (
        <span key={place} className="point" style={{ left: `${x(place)}%`, top: y(voice.value?.value ?? 0) }} title={`${voiceInterval(voice, formats)}, ${formats.people(voice.people)}`}>
          <i /><b>{voiceValue(voice, formats)}</b>
        </span>
      ))}
    </div>
  );
}
