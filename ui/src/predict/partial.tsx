import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { BarRow } from "@/components/bars";
import { ChartCard, useColours } from "@/components/chart";
import { Badge, Card } from "@/components/page";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";

type Feature = Schemas["Curve"];
const MOST = 6;

/** How the foreseen probability moves with one feature, all else as it is. */
export function Partial({ prediction, horizon }: { prediction: string; horizon: string }) {
  const told = useQuery(queries.predictionPartial(prediction, horizon)).data;
  if (!told || told.features.length === 0) return null;
  return <div className="ft-grid">{told.features.slice(0, MOST).map((one) => <One key={one.feature} feature={one} />)}</div>;
}

function One({ feature }: { feature: Feature }) {
  const formats = useFormats();
  const colours = useColours();
  const { points } = feature;
  const label = (point: Feature["points"][number]) => {
    if (point.value === null) return "unknown";
    if (feature.unit === "money") return formats.moneyShort(point.value);
    return feature.unit === "share" ? formats.share(point.value, 1) : formats.number(point.value, 1);
  };
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 46, right: 16, top: 18, bottom: 26 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const point = points[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return point ? `${escaped(label(point))}: <b>${escaped(formats.share(point.mean))}</b><br>of most people ${escaped(formats.interval(point.low, point.high, "rate"))}` : "";
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: points.map(label), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, (value) => formats.share(value, 1)), splitNumber: 3, scale: true, max: (range: { max: number }) => Math.min(1, Math.ceil(range.max * 10) / 10) },
    series: [
      { ...band, data: points.map((one) => one.low) },
      { ...band, data: points.map((one) => one.high - one.low), areaStyle: { color: colours["series-1"], opacity: 0.14 } },
      { type: "line" as const, data: points.map((one) => one.mean), symbol: "circle", symbolSize: 5, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  const [first, last] = [points[0], points.at(-1)];
  return (
    <ChartCard
      className="ft-c4" title={feature.text.charAt(0).toUpperCase() + feature.text.slice(1)} side={<span className="ft-faint">band: 8 of 10 people</span>} option={option} height={160} rows={points}
      summary={first && last ? `From ${formats.share(first.mean)} at ${label(first)} to ${formats.share(last.mean)} at ${label(last)}.` : ""}
      columns={[
        { name: "value", title: "Value", cell: label },
        { name: "mean", title: "Foreseen", number: true, key: true, cell: (one) => formats.share(one.mean) },
        { name: "band", title: "8 of 10 people", number: true, cell: (one) => formats.interval(one.low, one.high, "rate") },
      ]}
    />
  );
}

const SAYS: Record<NonNullable<Schemas["Stability"]["verdict"]>, string> = {
  steady: "The same things moved the scores in each of the last trainings.", shifting: "What moves the scores is shifting from training to training.",
  unsteady: "What moves the scores differs from training to training: trust single reasons less.", "one run": "There is one training so far: whether its drivers stay shows with the next.",
};

/** Whether the same things drove it in each training. */
export function Stability({ prediction, horizon }: { prediction: string; horizon: string }) {
  const formats = useFormats();
  const told = useQuery(queries.predictionStability(prediction, horizon)).data;
  if (!told?.verdict) return null;
  const most = Math.max(...told.features.flatMap((one) => one.shares.map((share) => share ?? 0)), 1e-9);
  return (
    <Card title="Were they the same before?" side={formats.plural(told.runs.length, "training", "trainings")} className="ft-c5">
      <div className="ft-body">
        <p style={{ marginBottom: 8 }}>{SAYS[told.verdict]}</p>
        {told.runs.length > 1 && (
          <>
            {told.features.slice(0, 8).map((one) => <BarRow key={one.feature} share={(one.shares.at(-1) ?? 0) / most} label={one.text} value={<span className="ft-small">{one.shares.slice(-2).map((share) => (share === null ? "–" : formats.share(share, 1))).join(" · ")}</span>} />)}
            <p className="ft-faint ft-small">Share of what moves the scores, in the training before and in the latest.</p>
          </>
        )}
      </div>
    </Card>
  );
}

/** How it does for segments and personas; those that are further off than chance explains come first. */
export function Groups({ prediction, horizon }: { prediction: string; horizon: string }) {
  const formats = useFormats();
  const groups = useQuery(queries.predictionPartial(prediction, horizon)).data?.groups ?? [];
  if (groups.length === 0) return null;
  const range = (low: number | null, high: number | null) => (low === null || high === null ? "" : `${formats.number(low)}–${formats.number(high)}`);
  return (
    <Card title="For whom does it work?" side="segments and personas of the test window" line>
      <Table
        label="Segments and personas" rows={groups} rowKey={(one) => `${one.kind} ${one.key}`}
        columns={[
          { name: "title", title: "Group", cell: (one) => <>{one.title}<span className="two">{one.kind}, {formats.people(one.n)}</span></> },
          { name: "rate", title: "Came true", number: true, cell: (one) => formats.share(one.base_rate, one.n) },
          { name: "mean", title: "Foreseen", number: true, cell: (one) => formats.share(one.mean_p, one.n) },
          { name: "auc", title: "ROC AUC", number: true, key: true, cell: (one) => <>{formats.number(one.roc_auc, 3)} <span className="ft-faint ft-small">{range(one.roc_auc_low, one.roc_auc_high)}</span></> },
          { name: "ece", title: "Calibration error", number: true, cell: (one) => formats.share(one.ece) },
          { name: "off", title: "Judged", cell: (one) => (one.off ? <Badge tone="warn">off for them</Badge> : <Badge tone="good">as good</Badge>) },
        ]}
      />
    </Card>
  );
}
