import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartPlain, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";
import { scoresAs } from "./feedback-words";

/** The months with their band; the one that is not over is dotted, the target dashed. */
export function ScoreLine({ told, target }: { told: Schemas["FeedbackScores"]; target?: Schemas["FeedbackTarget"] }) {
  const formats = useFormats();
  const colours = useColours();
  const unit = told.scores[0]?.unit ?? "mean";
  const as = scoresAs(unit, formats);
  const points = told.series;
  const known = points.filter((point) => point.value !== null);
  const line = (complete: boolean) => points.map((point, index) => {
    const besideOpen = points[index - 1]?.complete === false || points[index + 1]?.complete === false;
    return complete ? (point.complete ? point.value : null) : !point.complete || besideOpen ? point.value : null;
  });
  const low = points.map((point) => point.low);
  const width = points.map((point) => (point.low === null || point.high === null ? null : point.high - point.low));
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const goal = target?.goal ?? null;
  const option = {
    grid: { left: 44, right: 24, top: 22, bottom: 26 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (hovered: unknown) => {
        const point = points[(hovered as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        if (!point) return "";
        const parts = [`<b>${escaped(point.value === null ? "Not yet" : as.one(point.value))}</b> ${escaped(formats.period(point.period))}`];
        if (point.low !== null) parts.push(`interval ${escaped(as.interval(point.low, point.high))}`);
        parts.push(escaped(formats.people(point.people)));
        if (!point.complete) parts.push("not over");
        return parts.join("<br>");
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: points.map((point) => formats.period(point.period)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, as.short), scale: true },
    series: [
      { ...band, data: low }, { ...band, data: width, areaStyle: { color: colours["series-1"], opacity: 0.16 } },
      {
        type: "line" as const, data: line(true), symbol: "circle", symbolSize: 5, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] },
        ...(goal !== null ? { markLine: { silent: true, symbol: "none", lineStyle: { color: colours.muted, type: "dashed" as const }, label: { formatter: `target ${as.one(goal)}`, position: "insideStartTop" as const, color: colours.muted, fontSize: 11 }, data: [{ yAxis: goal }] } } : {}),
      },
      { type: "line" as const, data: line(false), symbol: "circle", symbolSize: 4, lineStyle: { width: 2, type: "dotted" as const, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  const first = known[0];
  const last = known.at(-1);
  const summary = first && last ? `${told.measure_title}: from ${as.one(first.value)} in ${formats.period(first.period)} to ${as.one(last.value)} in ${formats.period(last.period)}.` : "No month has enough answers yet.";
  return (
    <ChartPlain
      label="Score by month"
      option={option}
      height={260}
      summary={summary}
      rows={points}
      columns={[
        { name: "period", title: "Period", cell: (point) => formats.period(point.period) },
        { name: "people", title: "People", number: true, cell: (point) => formats.count(point.people) },
        { name: "interval", title: "Interval", number: true, cell: (point) => as.interval(point.low, point.high) || "–" },
        { name: "value", title: told.measure_title, number: true, key: true, cell: (point) => (point.value === null ? "Not yet" : as.one(point.value)) },
      ]}
    />
  );
}
