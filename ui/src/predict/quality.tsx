import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card, Pairs, Strip, type Fact } from "@/components/page";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { scoresIn } from "@/formats/scores";
import { spanOf } from "@/formats/span";
import { words } from "@/formats/words";
import { Fifths } from "./amounts";
import { Gains, Reliability } from "./charts";

type Body = Schemas["PredictionBody"];
type Report = Schemas["HorizonReport"];

/** The report of the horizon that the address names, else of the shortest. */
export function useHorizon(prediction: Body): Report | undefined {
  const [address] = useAddress();
  return prediction.by_horizon.find((one) => one.horizon === address.horizon) ?? prediction.by_horizon[0];
}

export function HorizonPick({ prediction }: { prediction: Body }) {
  const [, setAddress] = useAddress();
  const report = useHorizon(prediction);
  if (prediction.by_horizon.length < 2) return null;
  return (
    <div className="ft-pick" role="group" aria-label="Horizon">
      {prediction.by_horizon.map((one) => <button key={one.horizon} type="button" aria-pressed={one === report} onClick={() => setAddress({ horizon: one.horizon }, true)}>{spanOf(one.horizon)} ahead</button>)}
    </div>
  );
}

/** How far to trust it, on a window it did not learn from. */
export function Quality({ prediction }: { prediction: Body }) {
  const report = useHorizon(prediction);
  if (!report) return null;
  return (
    <>
      <HorizonPick prediction={prediction} />
      <TrustStrip prediction={prediction} report={report} />
      <Card title="Can we trust it?"><p className="ft-body ft-verdict">{report.verdict || prediction.verdict}</p></Card>
      {prediction.unit === "probability" && report.reliability.length > 0 && (
        <div className="ft-grid" data-fill="true">
          <Reliability report={report} className="ft-c6" />
          <Gains gains={report.gains} className="ft-c6" />
        </div>
      )}
      <Fifths prediction={prediction} report={report} />
      <div className="ft-grid">
        <Metrics prediction={prediction} report={report} />
        <Learnt prediction={prediction} report={report} />
      </div>
    </>
  );
}

function TrustStrip({ prediction, report }: { prediction: Body; report: Report }) {
  const formats = useFormats();
  const scores = prediction.scores.find((one) => one.horizon === report.horizon);
  const now: Fact = { label: "Mean now", value: scores ? scoresIn(prediction.unit, formats).mean(scores.mean, scores.people) : "Not yet", note: scores ? `${formats.people(scores.people)}, ${formats.day(scores.as_of)}` : "nobody scored yet" };
  if (prediction.unit !== "probability") return <Strip facts={[now, ...metricsOf(report).slice(0, 4).map(([name, value]): Fact => ({ label: words(name), value: formats.number(value, 3), note: "out of time" }))]} />;
  const { roc_auc: auc, brier, ece } = report.metrics;
  const rate = report.base_rate;
  const at = report.at_70;
  return (
    <Strip
      facts={[
        { label: "Can we trust 70 %?", value: report.calibrated === null ? "Not judged" : report.calibrated ? "Yes" : "Not as a number", tone: report.calibrated ? "good" : report.calibrated === false ? "warn" : undefined, note: typeof at?.precision === "number" ? `foreseen ${formats.share(at.mean_probability, at.n)}, came true ${formats.share(at.precision, at.n)} (${formats.interval(at.precision_low, at.precision_high, "rate")})` : report.calibrated === false ? "the ranking holds" : "nobody reached it in the test" },
        ...(typeof ece === "number" ? [{ label: "Calibration error", value: formats.share(ece), note: report.ece_limit === null ? "0 % is exact" : `chance explains ${formats.share(report.ece_limit)}` }] : []),
        ...(typeof auc === "number" ? [{ label: "Ranking, ROC AUC", value: formats.number(auc, 3), note: typeof report.baseline.roc_auc === "number" ? `logistic ${formats.number(report.baseline.roc_auc, 3)}` : "out of time" }] : []),
        ...(typeof brier === "number" ? [{ label: "Brier score", value: formats.number(brier, 3), note: rate === null ? "smaller is better" : `always guessing ${formats.share(rate, 1)}: ${formats.number(rate * (1 - rate), 3)}` }] : []),
        { label: "Came true", value: formats.share(rate, report.test_n ?? undefined), note: `of ${formats.count(report.test_n)}, foreseen ${formats.share(report.mean)}` },
        now,
      ]}
    />
  );
}

const metricsOf = (report: Report) => Object.entries(report.metrics).filter((entry): entry is [string, number] => entry[1] !== null);
const NAMES: Record<string, string> = { roc_auc: "Ranking, ROC AUC", pr_auc: "Ranking, PR AUC", log_loss: "Log-loss", brier: "Brier score", ece: "Calibration error", mae: "Mean error", correlation: "Correlation", coverage: "Share inside the interval", total_error: "Error of the sum" };
export const nameOfMetric = (metric: string) => NAMES[metric] ?? words(metric);
/** Of these more is better; of all others less. */
const MORE = /auc|correlation|coverage/;

/** Every metric beside the plain baseline; which one is better is said, not only coloured. */
function Metrics({ prediction, report }: { prediction: Body; report: Report }) {
  const formats = useFormats();
  const hasBaseline = Object.keys(report.baseline).length > 0;
  const rows = metricsOf(report).map(([name, value]) => ({ name, value, other: report.baseline[name] ?? null }));
  return (
    <Card title="How good, in numbers?" side="on the window it did not learn from" className="ft-c7" line>
      <Table
        label="Metrics" all rows={rows} rowKey={(row) => row.name}
        columns={[
          { name: "name", title: "Metric", cell: (row) => nameOfMetric(row.name) },
          { name: "value", title: "This model", number: true, key: true, cell: (row) => <b>{formats.number(row.value, 4)}</b> },
          ...(hasBaseline ? [{
            name: "other", title: prediction.unit === "probability" ? "Logistic" : "Baseline", number: true,
            cell: (row: (typeof rows)[number]) => {
              if (row.other === null) return "–";
              const better = MORE.test(row.name) ? row.value > row.other : row.value < row.other;
              return <>{formats.number(row.other, 4)} <span className={`ft-small ${better ? "ft-good" : "ft-muted"}`}>{better ? "worse" : row.value === row.other ? "the same" : "better"}</span></>;
            },
          }] : []),
        ]}
      />
    </Card>
  );
}

function Learnt({ prediction, report }: { prediction: Body; report: Report }) {
  const formats = useFormats();
  const left = Object.values(prediction.left_out ?? {}).reduce((sum, one) => sum + one, 0);
  return (
    <Card title="What it learnt from" side={prediction.model_kind ? words(prediction.model_kind) : undefined} className="ft-c5">
      <div className="ft-body">
        <Pairs
          rows={[
            ["Learnt from", `${formats.count(prediction.n)} ${prediction.unit === "probability" ? "people × instants" : "people"}`],
            ...(prediction.positives !== null ? [["Of them came true", formats.count(prediction.positives)] as [string, string]] : []),
            ...(report.base_rate_train !== null ? [["Came true in training", formats.share(report.base_rate_train)] as [string, string]] : []),
            ...(report.shift !== null && report.shift_low !== null && report.shift_high !== null ? [["Test against training", `${formats.change(report.shift, "rate", true)} (${formats.changeInterval(report.shift_low, report.shift_high, "rate")})`] as [string, string]] : []),
            ...(left > 0 ? [["Left out, may not be learnt from", formats.people(left)] as [string, string]] : []),
            ["Scores again every", prediction.schedule ? spanOf(prediction.schedule).replace(/^1 /, "") : "on request"],
          ]}
        />
      </div>
    </Card>
  );
}
