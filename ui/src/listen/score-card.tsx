import type { Schemas } from "@/api/types";
import { Move } from "@/components/move";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { ScoreLine } from "./score-line";
import { notYet, scoresAs, type Score } from "./feedback-words";

type Body = Schemas["FeedbackScores"];

/** The score as answered and weighted, how it moved, what it is made of, and its months. */
export function ScoreCard({ told, change, targets }: { told: Body; change?: Schemas["FeedbackChange"]; targets: Schemas["FeedbackTarget"][] }) {
  const formats = useFormats();
  const [main, ...more] = told.scores;
  if (!main) return null;
  const weighted = told.weighted[0];
  const target = targets.find((one) => one.goal !== null);
  return (
    <Card title={told.measure_title} side={`${formats.share(told.level, 1)} interval, by month`} className="ft-c8">
      <div className="ft-body ft-score">
        <div className="ft-scorefacts">
          {weighted ? (
            <>
              <Hero score={weighted} words="weighted for who stayed silent" />
              <Small score={main} words="as answered" />
            </>
          ) : <Hero score={main} words="as answered" />}
          {more.map((one) => <Small key={one.figure} score={told.weighted.find((same) => same.figure === one.figure) ?? one} words={one.title.toLowerCase()} />)}
          {change && <Moved change={change} />}
          <Bands bands={told.bands} />
          <Response told={told} />
        </div>
        <ScoreLine told={told} target={target} />
      </div>
    </Card>
  );
}

function Hero({ score, words }: { score: Score; words: string }) {
  const formats = useFormats();
  const as = scoresAs(score.unit, formats);
  return (
    <div>
      <div className="ft-hero" data-quiet={score.value === null}>{score.value === null ? "Not yet" : as.one(score.value)}</div>
      <div className="ft-muted ft-small">{score.value === null ? notYet(score, formats) : `interval ${as.interval(score.low, score.high)}, ${words}`}</div>
    </div>
  );
}

function Small({ score, words }: { score: Score; words: string }) {
  const as = scoresAs(score.unit, useFormats());
  if (score.value === null) return null;
  return <div className="ft-scorerow"><span>{words}</span><span><b>{as.one(score.value)}</b> <span className="ft-muted">{as.interval(score.low, score.high)}</span></span></div>;
}

function Moved({ change }: { change: Schemas["FeedbackChange"] }) {
  const formats = useFormats();
  const as = scoresAs(change.unit, formats);
  const { total, opinions, answering } = change;
  if (!total || !opinions || !answering) return <div className="ft-muted ft-small">No change yet: the window before has too few answers.</div>;
  return (
    <div>
      <Move change={total.value} better={total.value === 0 ? null : total.value > 0} real={total.real}>
        {as.change(total.value)} ({as.changeInterval(total.low, total.high)}){total.real ? "" : ", may be chance"}
      </Move>
      <div className="ft-scorerow"><span>Opinions moved</span><b>{as.change(opinions.value)}</b></div>
      <div className="ft-scorerow"><span>Who answered changed</span><b>{as.change(answering.value)}</b></div>
    </div>
  );
}

function Bands({ bands }: { bands: Body["bands"] }) {
  const formats = useFormats();
  const answers = bands.reduce((sum, band) => sum + band.answers, 0);
  if (answers === 0) return null;
  return (
    <div>
      <div className="ft-bands" aria-hidden>{bands.map((band) => <i key={band.title} data-tone={band.tone} style={{ width: `${band.share * 100}%` }} />)}</div>
      <div className="ft-bandwords">{bands.map((band) => <span key={band.title}><b>{formats.share(band.share, answers)}</b> {band.title}</span>)}</div>
    </div>
  );
}

function Response({ told }: { told: Body }) {
  const formats = useFormats();
  const { weighting } = told;
  const main = told.scores[0];
  const whom = weighting.frame === "asked" ? "people asked" : "people with an order";
  return (
    <div className="ft-muted ft-small">
      {weighting.rate === null
        ? `${formats.plural(main?.answers ?? 0, "answer", "answers")} of ${formats.people(main?.people ?? 0)}.`
        : `${formats.count(weighting.answered)} of ${formats.count(weighting.asked)} ${whom} answered (${formats.share(weighting.rate, weighting.asked)}).`}
    </div>
  );
}
