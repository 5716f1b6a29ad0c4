import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { nameOfMetric } from "./quality";

type Run = Schemas["RunRow"];

/** The two that say most: how well it ranks and how exact its numbers are; of a value, its errors. */
export function mainMetrics(runs: readonly Run[]): string[] {
  const there = new Set(runs.flatMap((run) => Object.keys(run.horizons[0]?.metrics ?? {})));
  return ["roc_auc", "ece", "mae", "correlation"].filter((name) => there.has(name));
}

/** The first of the main metrics, training by training, a line for each horizon. */
export function QualityOverTime({ runs }: { runs: readonly Run[] }) {
  const formats = useFormats();
  const colours = useColours();
  const [metric] = mainMetrics(runs);
  const done = runs.filter((run) => run.state === "done" && run.horizons.length > 0).toSorted((one, other) => Date.parse(one.as_of) - Date.parse(other.as_of));
  if (metric === undefined || done.length < 2) return null;
  const horizons = [...new Set(done.flatMap((run) => run.horizons.map((one) => one.horizon)))];
  const valueOf = (run: Run | undefined, horizon: string) => run?.horizons.find((one) => one.horizon === horizon)?.metrics[metric] ?? null;
  const nameOf = (horizon: string) => (horizon ? spanOf(horizon) : "whole");
  const palette = [colours["series-1"], colours["series-2"], colours["series-3"], colours["series-4"], colours["series-5"]];
  const option = {
    grid: { left: 52, right: horizons.length > 1 ? 76 : 24, top: 26, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const run = done[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return run ? [escaped(formats.instant(run.as_of)), ...horizons.map((horizon) => `${escaped(nameOf(horizon))} <b>${escaped(formats.number(valueOf(run, horizon), 3))}</b>`)].join("<br>") : "";
      },
    },
    xAxis: { type: "category" as const, data: done.map((run) => formats.day(run.as_of)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, (value) => formats.number(value, 2), nameOfMetric(metric)), scale: true },
    series: horizons.map((horizon, index) => ({
      type: "line" as const, name: nameOf(horizon), data: done.map((run) => valueOf(run, horizon)), symbol: "circle", symbolSize: 6, lineStyle: { width: 2, color: palette[index % palette.length] }, itemStyle: { color: palette[index % palette.length] },
      ...(horizons.length > 1 ? { endLabel: { show: true, formatter: "{a}", color: palette[index % palette.length], fontSize: 11 } } : {}),
    })),
  };
  return (
    <ChartCard
      title="How did the quality move?" side="each training on its own test window" option={option} height={210} rows={done}
      summary={`${nameOfMetric(metric)} ${formats.number(valueOf(done.at(-1), horizons[0] ?? ""), 3)} in the latest training.`}
      columns={[
        { name: "as_of", title: "Data to", cell: (run) => formats.day(run.as_of) },
        ...horizons.map((horizon, index) => ({ name: horizon, title: nameOf(horizon), number: true, key: index === 0, cell: (run: Run) => formats.number(valueOf(run, horizon), 3) })),
      ]}
    />
  );
}
