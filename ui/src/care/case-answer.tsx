import { Badge, Pairs } from "@/components/page";
import { Section } from "@/components/panel";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { measureName } from "@/listen/score-words";
import type { Body } from "./use-change";

const TONES = { positive: "good", negative: "bad", neutral: undefined, unknown: undefined } as const;

/** What the person answered: score, own words, and what they are about. */
export function CaseAnswer({ body }: { body: Body }) {
  const formats = useFormats();
  const { answer } = body;
  if (!answer) return null;
  const themes = answer.themes.filter((one) => one.theme !== null);
  const felt = answer.themes.find((one) => one.sentiment !== "unknown");
  return (
    <Section title="What they answered">
      <Pairs rows={[["Survey", measureName(answer.survey)], ["Score", answer.score === null ? "no score" : formats.number(answer.score, 1)]]} />
      {answer.words ? <blockquote className="ft-casequote" dir="auto">{answer.words}</blockquote> : <p className="ft-muted">They wrote nothing.</p>}
      {(themes.length > 0 || felt) && (
        <p className="ft-chips">
          {themes.map((one) => <Badge key={one.theme} tone={TONES[one.sentiment as keyof typeof TONES]}>{one.theme}</Badge>)}
          {felt && <span className="ft-muted ft-small">{words(felt.sentiment).toLowerCase()}{felt.probability === null ? "" : `, ${formats.probability(felt.probability)}`}</span>}
        </p>
      )}
    </Section>
  );
}
