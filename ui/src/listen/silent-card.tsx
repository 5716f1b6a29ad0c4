import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { scoresAs } from "./feedback-words";

type Body = Schemas["FeedbackScores"];
type Row = Schemas["FeedbackBalance"];

/** Who stayed silent: the score both ways, and how weights make those who answered like those who were asked. */
export function SilentCard({ told, traits }: { told: Body; traits: Schemas["Named"][] }) {
  const formats = useFormats();
  const { weighting } = told;
  const titles = Object.fromEntries(traits.map((one) => [one.key, one.title]));
  const main = told.scores[0];
  const weighted = told.weighted[0];
  const as = scoresAs(main?.unit ?? "mean", formats);
  const apart = [...weighting.balance].sort((a, b) => Math.abs(b.answered - b.asked) - Math.abs(a.answered - a.asked)).slice(0, 8);
  return (
    <Card title="Who stayed silent?" side={weighting.rate === null ? undefined : `${formats.share(weighting.rate, weighting.asked)} answered`} className="ft-c4">
      <div className="ft-body">
        <p>{weighting.words}</p>
        {weighted && main && (
          <>
            <div className="ft-scorerow"><span>As answered</span><span><b>{as.one(main.value)}</b> <span className="ft-muted">{as.interval(main.low, main.high)}</span></span></div>
            <div className="ft-scorerow"><span>Weighted</span><span><b>{as.one(weighted.value)}</b> <span className="ft-muted">{as.interval(weighted.low, weighted.high)}</span></span></div>
            <div className="ft-scorerow"><span>Weighted answers tell as much as</span><span>{formats.people(Math.round(weighted.effective))} of {formats.count(weighted.people)}</span></div>
          </>
        )}
      </div>
      {apart.length > 0 && (
        <Table<Row>
          all
          label="Those asked, those who answered, and these with weights"
          rows={apart}
          rowKey={(row) => `${row.trait} ${row.level}`}
          columns={[
            { name: "level", title: "Known of people", cell: (row) => <>{titles[row.trait] ?? row.trait}: {row.level}</> },
            { name: "asked", title: "Asked", number: true, cell: (row) => formats.share(row.asked, weighting.asked) },
            { name: "answered", title: "Answered", number: true, cell: (row) => formats.share(row.answered, weighting.answered) },
            { name: "weighted", title: "Weighted", number: true, key: true, cell: (row) => formats.share(row.weighted, weighting.answered) },
          ]}
        />
      )}
    </Card>
  );
}
