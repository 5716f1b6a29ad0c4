import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { Badge, Card, Page, Pairs, Strip, type Fact } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { personColumns } from "@/profile/people";
import { Gains, Reliability } from "./charts";
import { Trust } from "./predictions";

type Body = Schemas["PredictionBody"];
type Report = Schemas["HorizonReport"];

const bare = (sentence: string) => sentence.replace(/\.$/, "");

const TABS = [["quality", "Quality"], ["people", "People"], ["history", "History"]] as const;

export function PredictionPage() {
  const key = useParams({ strict: false }).key ?? "";
  const formats = useFormats();
  const query = useQuery(queries.prediction(key));
  const [address, setAddress] = useAddress();
  const tab = TABS.find(([name]) => name === address.tab)?.[0] ?? "quality";
  const data = query.data;
  return (
    <Page
      title={data?.title ?? "Prediction"}
      crumb={<Link to="/predictions">Predictions</Link>}
      badges={data && <><Trust row={data} />{data.trained_as_of && <Badge>Trained to {formats.day(data.trained_as_of)} on {formats.count(data.n)} {data.unit === "money" ? "people" : "rows"}</Badge>}</>}
      purpose={data && `Foreseen: ${bare(data.question)}. About: ${bare(data.population_says)}.`}
    >
      <div className="ft-tabs" role="tablist" aria-label="Parts of the prediction">
        {TABS.map(([name, title]) => <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => setAddress({ tab: name === "quality" ? undefined : name }, true)}>{title}</button>)}
      </div>
      <Loaded query={query} rows={12}>
        {(prediction) => (tab === "people" ? <Scored prediction={prediction} /> : tab === "history" ? <History prediction={prediction} /> : <Quality prediction={prediction} />)}
      </Loaded>
    </Page>
  );
}

function Quality({ prediction }: { prediction: Body }) {
  const [address, setAddress] = useAddress();
  const report = prediction.by_horizon.find((one) => one.horizon === address.horizon) ?? prediction.by_horizon[0];
  if (!report) {
    return <Card title="Not yet"><p className="ft-body ft-muted">This prediction was never trained. Train it with <code>foretell predict train {prediction.key}</code>; it says what is missing where data are too few.</p></Card>;
  }
  const isProbability = prediction.unit === "probability";
  return (
    <>
      {prediction.by_horizon.length > 1 && (
        <div className="ft-pick" role="group" aria-label="Horizon">
          {prediction.by_horizon.map((one) => <button key={one.horizon} type="button" aria-pressed={one === report} onClick={() => setAddress({ horizon: one.horizon }, true)}>{spanOf(one.horizon)} ahead</button>)}
        </div>
      )}
      <TrustStrip prediction={prediction} report={report} />
      <Card title="Can we trust it?"><p className="ft-body ft-verdict">{report.verdict || prediction.verdict}</p></Card>
      {isProbability && report.reliability.length > 0 && (
        <div className="ft-grid" data-fill="true">
          <Reliability report={report} className="ft-c6" />
          <Gains gains={report.gains} className="ft-c6" />
        </div>
      )}
      <div className="ft-grid">
        <Drivers report={report} />
        <Numbers prediction={prediction} report={report} />
      </div>
    </>
  );
}

function TrustStrip({ prediction, report }: { prediction: Body; report: Report }) {
  const formats = useFormats();
  const scores = prediction.scores.find((one) => one.horizon === report.horizon);
  const money = prediction.unit === "money";
  const now: Fact = { label: "Mean now", value: scores ? (money ? formats.money(scores.mean) : formats.share(scores.mean, scores.people)) : "Not yet", note: scores ? `${formats.people(scores.people)}, ${formats.day(scores.as_of)}` : "nobody scored yet" };
  if (money) return <Strip facts={[now, ...metricsOf(report).slice(0, 4).map(([label, value]): Fact => ({ label, value: formats.number(value, 3), note: "out of time" }))]} />;
  const { auc, brier, calibration } = coreMetrics(report);
  return (
    <Strip
      facts={[
        { label: "Can we trust 70 %?", value: report.calibrated === null ? "Not judged" : report.calibrated ? "Yes" : "Not as a number", tone: report.calibrated ? "good" : report.calibrated === false ? "warn" : undefined, note: report.calibrated === false ? "the ranking holds" : "out of time" },
        now,
        { label: "Came true", value: formats.share(report.base_rate, report.test_n ?? undefined), note: `of ${formats.count(report.test_n)}, foreseen ${formats.share(report.mean)}` },
        ...(auc !== undefined ? [{ label: "Ranking, ROC AUC", value: formats.number(auc, 3), note: baselineNote(report, "auc", formats.number) }] : []),
        ...(brier !== undefined ? [{ label: "Brier score", value: formats.number(brier, 3), note: "smaller is better" }] : []),
        ...(calibration !== undefined ? [{ label: "Calibration error", value: formats.share(calibration), note: "0 % is exact" }] : []),
      ]}
    />
  );
}

const metricsOf = (report: Report) => Object.entries(report.metrics).filter((entry): entry is [string, number] => entry[1] !== null).map(([name, value]): [string, number] => [name.replaceAll("_", " "), value]);

function coreMetrics(report: Report) {
  const find = (pattern: RegExp) => Object.entries(report.metrics).find(([name, value]) => pattern.test(name) && value !== null)?.[1] ?? undefined;
  return { auc: find(/roc|^auc/i), brier: find(/brier/i), calibration: find(/calibration|^ece/i) };
}

function baselineNote(report: Report, part: string, show: (value: number, digits: number) => string): string {
  const base = Object.entries(report.baseline).find(([name]) => name.includes(part) && !name.includes("pr"))?.[1];
  return base ? `plain baseline ${show(base, 3)}` : "out of time";
}

function Drivers({ report }: { report: Report }) {
  const formats = useFormats();
  const most = Math.max(...report.drivers.map((one) => one.importance), 1e-9);
  return (
    <Card title="What drives it?" side="share of what the reasons moved" className="ft-c7">
      <div className="ft-body">
        {report.drivers.length === 0 && <p className="ft-muted">Not yet: reasons come with the first scores.</p>}
        {report.drivers.slice(0, 10).map((one) => (
          <BarRow key={one.feature} share={one.importance / most} label={<>{one.text} <span className="ft-faint ft-small">{one.rises ? "raises" : "lowers"} · {formats.people(one.people)}</span></>} value={formats.share(one.importance)} />
        ))}
      </div>
    </Card>
  );
}

function Numbers({ prediction, report }: { prediction: Body; report: Report }) {
  const formats = useFormats();
  return (
    <Card title="Model" side={prediction.model_kind ?? undefined} className="ft-c5">
      <div className="ft-body">
        <Pairs
          rows={[
            ["Learnt from", `${formats.count(prediction.n)} ${prediction.unit === "money" ? "people" : "rows"}`],
            ...(prediction.positives !== null ? [["Of them came true", formats.count(prediction.positives)] as [string, string]] : []),
            ["Scores again every", prediction.schedule ? spanOf(prediction.schedule) : "on request"],
            ...metricsOf(report).map(([name, value]): [string, string] => [name, formats.number(value, 4)]),
          ]}
        />
      </div>
    </Card>
  );
}

function Scored({ prediction }: { prediction: Body }) {
  const formats = useFormats();
  const sort = prediction.unit === "money" ? "clv" : "churn";
  const query = useQuery(queries.people({ sort, order: "desc", known: true, page: 1 }));
  return (
    <Loaded query={query} rows={10}>
      {(people) => (
        <Card title="Highest first" side={<Button component={Link} to="/people" search={{ sort, order: "desc" } as never} variant="default" size="xs" data-size="xs">All people</Button>} line>
          <Table label="People by score" columns={personColumns(formats, new Map()).filter((column) => column.name !== "segments")} rows={people.rows.filter((row) => row[sort] !== null).slice(0, 25)} rowKey={(row) => row.profile_id} />
        </Card>
      )}
    </Loaded>
  );
}

function History({ prediction }: { prediction: Body }) {
  const formats = useFormats();
  return (
    <Card title="Trainings" side={formats.plural(prediction.history.length, "training", "trainings")} line>
      {prediction.history.length === 0 && <p className="ft-muted" style={{ padding: 14 }}>No training so far.</p>}
      <Table
        label="Trainings"
        rows={prediction.history}
        rowKey={(run) => String(run.run)}
        columns={[
          { name: "as_of", title: "Data to", cell: (run) => <>{formats.instant(run.as_of)}{run.error && <span className="two ft-bad">{run.error}</span>}</> },
          { name: "started", title: "Started", number: true, cell: (run) => formats.instant(run.started_at) },
          { name: "model", title: "Model", cell: (run) => <span className="ft-mono">{run.model ?? "–"}</span> },
          { name: "state", title: "State", key: true, cell: (run) => <Badge tone={run.state === "failed" ? "bad" : run.state === "done" ? "good" : undefined}>{run.state}</Badge> },
        ]}
      />
    </Card>
  );
}
