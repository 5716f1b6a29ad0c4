import type { Schemas } from "@/api/types";
import { BarRow } from "@/components/bars";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { Groups, Partial, Stability } from "./partial";
import { HorizonPick, useHorizon } from "./quality";

type Body = Schemas["PredictionBody"];
const MOST = 15;

/** What moves the scores on the whole. */
export function Drivers({ prediction }: { prediction: Body }) {
  const formats = useFormats();
  const report = useHorizon(prediction);
  if (!report) return null;
  const most = Math.max(...report.drivers.map((one) => one.importance), 1e-9);
  return (
    <>
      <HorizonPick prediction={prediction} />
      <div className="ft-grid">
      <Card title="What drives it?" side="share of what the reasons moved" className="ft-c7">
        <div className="ft-body">
          {report.drivers.length === 0 && <p className="ft-muted">Not yet: reasons come with the first scores.</p>}
          {report.drivers.slice(0, MOST).map((one) => (
            <BarRow key={one.feature} share={one.importance / most} label={<>{one.text} <span className="ft-faint ft-small">{one.rises ? "raises" : "lowers"} · {formats.people(one.people)}</span></>} value={formats.share(one.importance)} />
          ))}
        </div>
      </Card>
      <Stability prediction={prediction.key} horizon={report.horizon} />
      </div>
      <Partial prediction={prediction.key} horizon={report.horizon} />
      <Groups prediction={prediction.key} horizon={report.horizon} />
    </>
  );
}
