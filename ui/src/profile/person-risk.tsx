import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { PersonPrediction } from "@/api/types";
import { escaped, lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";

/** One probability over its horizons, with the interval, beside the mean of everybody scored. */
export function RiskByHorizon({ curve, className }: { curve: readonly PersonPrediction[]; className?: string }) {
  const formats = useFormats();
  const colours = useColours();
  const key = curve[0]?.key;
  const scores = useQuery(queries.predictions()).data?.rows.find((row) => row.key === key)?.scores ?? [];
  const rows = curve.map((one) => ({ ...one, mean: scores.find((score) => score.horizon === one.horizon)?.mean ?? null }));
  const percent = (value: number) => `${Math.round(value * 100)} %`;
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 44, right: 18, top: 16, bottom: 42 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const one = rows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return one ? `within ${escaped(spanOf(one.horizon))}: <b>${formats.probability(one.score)}</b><br>interval ${formats.probabilityInterval(one.low, one.high)}${one.mean === null ? "" : `<br>everybody ${formats.probability(one.mean)}`}` : "";
      },
    },
    xAxis: { ...lowerAxis(colours, String, "within"), type: "category" as const, boundaryGap: false, data: rows.map((one) => spanOf(one.horizon)), axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11 } },
    yAxis: { ...valueAxis(colours, percent), min: 0, max: 1, interval: 0.25 },
    series: [
      { ...band, data: rows.map((one) => one.low) },
      { ...band, data: rows.map((one) => one.high - one.low), areaStyle: { color: colours["series-1"], opacity: 0.16 } },
      { type: "line" as const, data: rows.map((one) => one.mean), symbol: "none", silent: true, lineStyle: { type: "dashed" as const, width: 1.5, color: colours.rest } },
      { type: "line" as const, data: rows.map((one) => one.score), symbol: "circle", symbolSize: 6, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  return (
    <ChartCard
      className={className} title="Risk by horizon" option={option} height={190} rows={rows} side={<span className="ft-faint">dashed: everybody</span>}
      summary={rows.map((one) => `Within ${spanOf(one.horizon)} ${formats.probability(one.score)}.`).join(" ")}
      columns={[
        { name: "horizon", title: "Within", cell: (one) => spanOf(one.horizon) },
        { name: "score", title: "This person", number: true, key: true, cell: (one) => <b>{formats.probability(one.score)}</b> },
        { name: "interval", title: "Interval", number: true, cell: (one) => formats.probabilityInterval(one.low, one.high) },
        { name: "mean", title: "Everybody", number: true, cell: (one) => formats.probability(one.mean) },
      ]}
    />
  );
}
