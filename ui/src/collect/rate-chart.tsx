import { useMemo } from "react";
import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";

type Day = Schemas["DayBody"];
const DAY_MS = 86_400_000;

/** Events of 24 hours each, with the band that was usual. */
export function RateChart({ days }: { days: Day[] }) {
  const formats = useFormats();
  const colours = useColours();
  const rows = useMemo(() => {
    const now = Date.parse(formats.setting.now);
    return days.map((day, index) => ({ ...day, title: index === days.length - 1 ? "last 24 hours" : formats.day(new Date(now - (days.length - 1 - index) * DAY_MS).toISOString()) }));
  }, [days, formats]);
  const usual = (day: Day) => (day.low === null || day.high === null ? "not known yet" : `${formats.count(day.low)} to ${formats.count(day.high)}`);
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 56, right: 20, top: 18, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const row = rows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return row ? `<b>${escaped(formats.plural(row.value, "event", "events"))}</b> ${escaped(row.title)}<br>usual: ${escaped(usual(row))}` : "";
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: rows.map((row) => row.title), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: valueAxis(colours, formats.countShort),
    series: [
      { ...band, data: rows.map((row) => row.low) },
      { ...band, data: rows.map((row) => (row.low === null || row.high === null ? null : row.high - row.low)), areaStyle: { color: colours["series-1"], opacity: 0.16 } },
      {
        type: "line" as const, data: rows.map((row) => ({ value: row.value, symbolSize: row.out ? 9 : 5, itemStyle: { color: row.out ? colours.bad : colours["series-1"] } })),
        symbol: "circle", lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] },
      },
    ],
  };
  const out = rows.filter((row) => row.out).length;
  const last = rows.at(-1);
  return (
    <ChartCard
      title="Does as much come as usual?" side="events in 24 hours; band: what is usual on that day of the week" option={option} height={250} rows={rows}
      summary={`${formats.count(last?.value)} events in the last 24 hours; ${formats.plural(out, "day", "days")} of ${formats.count(rows.length)} beyond what was usual.`}
      columns={[
        { name: "day", title: "24 hours until", cell: (row) => row.title },
        { name: "value", title: "Events", number: true, key: true, cell: (row) => formats.count(row.value) },
        { name: "usual", title: "Usual", number: true, cell: (row) => usual(row) },
      ]}
    />
  );
}
