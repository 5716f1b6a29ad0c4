import { useMemo } from "react";
import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";

type Day = Schemas["AudienceDay"];

/** People who joined, above the line, and who left, below it, day by day. */
export function AudienceChart({ days }: { days: Day[] }) {
  const formats = useFormats();
  const colours = useColours();
  const rows = useMemo(() => days.map((day) => ({ ...day, title: formats.day(day.day) })), [days, formats]);
  const bars = (name: string, colour: string, values: number[]) => ({ type: "bar" as const, name, stack: "people", barMaxWidth: 18, itemStyle: { color: colour }, data: values });
  const option = {
    grid: { left: 56, right: 20, top: 18, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const row = rows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return row ? `<b>${escaped(row.title)}</b><br>${escaped(formats.people(row.joined))} joined<br>${escaped(formats.people(row.left))} left` : "";
      },
    },
    xAxis: { type: "category" as const, data: rows.map((row) => row.title), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: valueAxis(colours, (value) => formats.countShort(Math.abs(value))),
    series: [bars("joined", colours["series-1"], rows.map((row) => row.joined)), bars("left", colours["series-2"], rows.map((row) => -row.left))],
  };
  const total = (name: "joined" | "left") => rows.reduce((sum, row) => sum + row[name], 0);
  return (
    <ChartCard
      title="Who came and went?" side="people a day (UTC), last 90 days; joined above, left below" option={option} height={210} rows={rows}
      summary={`${formats.people(total("joined"))} joined and ${formats.people(total("left"))} left in the last 90 days.`}
      columns={[
        { name: "day", title: "Day", cell: (row) => row.title },
        { name: "joined", title: "Joined", number: true, cell: (row) => formats.count(row.joined) },
        { name: "left", title: "Left", number: true, key: true, cell: (row) => formats.count(row.left) },
      ]}
    />
  );
}
