import type { Schemas } from "@/api/types";
import { lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";

const SHARES = { min: 0, max: 1, interval: 0.2 };
const percent = (value: number) => `${Math.round(value * 100)} %`;

/** Predicted against what happened, with the interval of each group and how many people are in it. */
export function Reliability({ report, className }: { report: Schemas["HorizonReport"]; className?: string }) {
  const formats = useFormats();
  const colours = useColours();
  const bins = report.reliability;
  const most = Math.max(...bins.map((bin) => bin.n), 1);
  const whisker = (_: unknown, api: { value: (at: number) => number; coord: (point: number[]) => number[]; style: (style: object) => object }) => {
    const [x, top, bottom] = [api.value(0), api.coord([api.value(0), api.value(1)]), api.coord([api.value(0), api.value(2)])];
    return { type: "line", shape: { x1: top[0], y1: top[1], x2: api.coord([x, 0])[0], y2: bottom[1] }, style: { stroke: colours["series-1"], lineWidth: 1.5 } };
  };
  const option = {
    grid: { left: 48, right: 22, top: 26, bottom: 42 },
    tooltip: {
      ...tooltip(colours), trigger: "item" as const,
      formatter: (told: unknown) => {
        const bin = bins[(told as { dataIndex: number }).dataIndex];
        return bin ? `foreseen <b>${formats.share(bin.mean)}</b><br>came true <b>${formats.share(bin.observed, bin.n)}</b><br>interval ${formats.interval(bin.low, bin.high, "rate")}<br>${formats.count(bin.n)} cases` : "";
      },
    },
    xAxis: { ...lowerAxis(colours, percent, "foreseen probability"), ...SHARES },
    yAxis: { ...valueAxis(colours, percent, "came true"), ...SHARES },
    series: [
      { type: "bar" as const, data: bins.map((bin) => [bin.mean, (bin.n / most) * 0.18]), barWidth: 14, itemStyle: { color: colours.strong, opacity: 0.45 }, silent: true, tooltip: { show: false } },
      { type: "line" as const, data: [[0, 0], [1, 1]], symbol: "none", silent: true, lineStyle: { type: "dashed" as const, width: 1, color: colours.muted }, tooltip: { show: false } },
      { type: "custom" as const, renderItem: whisker as never, data: bins.map((bin) => [bin.mean, bin.high, bin.low]), silent: true, tooltip: { show: false } },
      { type: "line" as const, data: bins.map((bin) => [bin.mean, bin.observed]), symbol: "circle", symbolSize: 7, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  return (
    <ChartCard
      className={className}
      title="Does 70 % mean 70 %?"
      side={`out of time, ${formats.count(report.test_n)} cases`}
      option={option}
      summary={bins.map((bin) => `Foreseen ${formats.share(bin.mean)}, came true ${formats.share(bin.observed)}.`).join(" ")}
      rows={bins}
      columns={[
        { name: "mean", title: "Foreseen", cell: (bin) => formats.share(bin.mean) },
        { name: "observed", title: "Came true", number: true, key: true, cell: (bin) => <b>{formats.share(bin.observed, bin.n)}</b> },
        { name: "interval", title: "Interval", number: true, cell: (bin) => formats.interval(bin.low, bin.high, "rate") },
        { name: "n", title: "Cases", number: true, cell: (bin) => formats.count(bin.n) },
      ]}
    >
      <p className="ft-faint ft-small" style={{ padding: "0 14px 12px" }}>On the dashed line the probability is exact. Grey: how many cases at each probability.</p>
    </ChartCard>
  );
}

export function Gains({ gains, className }: { gains: Schemas["Gain"][]; className?: string }) {
  const formats = useFormats();
  const colours = useColours();
  const option = {
    grid: { left: 48, right: 22, top: 26, bottom: 42 },
    tooltip: {
      ...tooltip(colours), trigger: "item" as const,
      formatter: (told: unknown) => {
        const one = gains[(told as { dataIndex: number }).dataIndex];
        return one ? `contact <b>${formats.share(one.share)}</b>, reach <b>${formats.share(one.captured)}</b>` : "";
      },
    },
    xAxis: { ...lowerAxis(colours, percent, "people contacted, highest first"), ...SHARES },
    yAxis: { ...valueAxis(colours, percent, "reached"), ...SHARES },
    series: [
      { type: "line" as const, data: [[0, 0], [1, 1]], symbol: "none", silent: true, lineStyle: { type: "dashed" as const, width: 1, color: colours.muted }, tooltip: { show: false } },
      { type: "line" as const, data: gains.map((one) => [one.share, one.captured]), symbol: "circle", symbolSize: 6, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  const best = gains.find((one) => one.share >= 0.15);
  return (
    <ChartCard
      className={className}
      title="How many do we reach?"
      side="against contacting at random"
      option={option}
      summary={best ? `Contacting the top ${formats.share(best.share)} reaches ${formats.share(best.captured)}.` : "Too few cases."}
      rows={gains}
      columns={[
        { name: "share", title: "Contacted", cell: (one) => formats.share(one.share) },
        { name: "captured", title: "Reached", number: true, key: true, cell: (one) => <b>{formats.share(one.captured)}</b> },
      ]}
    >
      {best && <p className="ft-small" style={{ padding: "0 14px 12px" }}>Contact <b>{formats.share(best.share)}</b>, reach <b>{formats.share(best.captured)}</b>; at random it would be {formats.share(best.share)}.</p>}
    </ChartCard>
  );
}
