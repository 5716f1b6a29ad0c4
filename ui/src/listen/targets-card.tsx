import type { Schemas } from "@/api/types";
import { Badge, Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { COURSE_TONE, COURSE_WORDS, scoresAs } from "./feedback-words";

/** Each target: where it stands, where the months so far lead, and by when. */
export function TargetsCard({ rows }: { rows: Schemas["FeedbackTarget"][] }) {
  const formats = useFormats();
  return (
    <Card title="Are we on course?" side={formats.plural(rows.length, "target", "targets")} className="ft-c4">
      <div className="ft-body">
        {rows.map((row) => {
          const as = scoresAs(row.unit, formats);
          return (
            <div key={`${row.survey} ${row.since}`} className="ft-target">
              <div className="ft-scorerow"><span><b>{row.title} {row.goal === null ? "" : as.one(row.goal)}</b> by {formats.day(row.due)}</span><Badge tone={COURSE_TONE[row.course]}>{COURSE_WORDS[row.course]}</Badge></div>
              <p className="ft-small ft-muted">{row.words}</p>
              <div className="ft-scorerow"><span>Began at</span><span>{as.one(row.base.value)}</span></div>
              <div className="ft-scorerow"><span>Now</span><span><b>{as.one(row.now.value)}</b> <span className="ft-muted">{as.interval(row.now.low, row.now.high)}</span></span></div>
              {row.expected !== null && <div className="ft-scorerow"><span>A straight way would be at</span><span>{as.one(row.expected)}</span></div>}
              {row.projected !== null && <div className="ft-scorerow"><span>The months lead to</span><span><b>{as.one(row.projected)}</b> <span className="ft-muted">{as.interval(row.low, row.high)}</span></span></div>}
            </div>
          );
        })}
      </div>
    </Card>
  );
}
