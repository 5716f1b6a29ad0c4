import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { useFormats } from "@/formats/context";

type Report = Schemas["Backtest"];
type Guess = Schemas["Guess"];
export interface Day { day: string; entered: Guess; sent: Guess }

const none: Guess = { value: 0, low: 0, high: 0 };
const plus = (one: Guess, other: Guess): Guess => ({ value: one.value + other.value, low: one.low + other.low, high: one.high + other.high });

/** Entries and messages of every day of the report, without gaps. */
export function daysOf(report: Pick<Report, "entries" | "messages">): Day[] {
  const found = new Map<string, Day>();
  const at = (day: string) => found.get(day) ?? { day, entered: none, sent: none };
  for (const one of report.entries) found.set(one.day, { ...at(one.day), entered: plus(one.treated, one.held_out) });
  for (const one of report.messages) { const day = at(one.day); found.set(one.day, { ...day, sent: plus(day.sent, one.sent) }); }
  const days = [...found.keys()].toSorted((one, other) => one.localeCompare(other));
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all: Day[] = [];
  for (let one = Date.parse(first); one <= Date.parse(last); one += 86_400_000) all.push(at(new Date(one).toISOString().slice(0, 10)));
  return all;
}

/** Entries as bars, messages as a line in the band in which nine of ten draws lie. */
export function BacktestDays({ report }: { report: Report }) {
  const formats = useFormats();
  const colours = useColours();
  const rows = daysOf(report);
  if (rows.length === 0) return null;
  const said = (guess: Guess) => (guess.low === guess.high ? formats.count(guess.value) : `${formats.count(guess.value)} (${formats.count(guess.low)} to ${formats.count(guess.high)})`);
  const band = { type: "line" as const, symbol: "none", silent: true, stack: "band", lineStyle: { opacity: 0 } };
  const option = {
    grid: { left: 52, right: 24, top: 26, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const row = rows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return row ? [escaped(formats.day(row.day)), `Entries <b>${escaped(said(row.entered))}</b>`, `Messages <b>${escaped(said(row.sent))}</b>`].join("<br>") : "";
      },
    },
    xAxis: { type: "category" as const, data: rows.map((row) => formats.day(row.day)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: valueAxis(colours, (value) => formats.countShort(value), "a day"),
    series: [
      { type: "bar" as const, name: "Entries", data: rows.map((row) => row.entered.value), itemStyle: { color: colours["series-1"] }, barMaxWidth: 14 },
      { ...band, data: rows.map((row) => row.sent.low) },
      { ...band, data: rows.map((row) => row.sent.high - row.sent.low), areaStyle: { color: colours["series-2"], opacity: 0.25 } },
      { type: "line" as const, name: "Messages", data: rows.map((row) => row.sent.value), symbol: "none", lineStyle: { width: 2, color: colours["series-2"] }, itemStyle: { color: colours["series-2"] } },
    ],
  };
  const most = rows.reduce((one, other) => (other.entered.value > one.entered.value ? other : one));
  return (
    <ChartCard
      title="Who would have entered, and what would have been sent?" side={`bars: entries · line: messages${report.assumed ? ", with nine of ten draws of assumed replies" : ""}`} option={option} height={240} rows={rows}
      summary={`Most entries on ${formats.day(most.day)}: ${said(most.entered)}.`}
      columns={[
        { name: "day", title: "Day", cell: (row) => formats.day(row.day) },
        { name: "entered", title: "Entries", number: true, key: true, cell: (row) => said(row.entered) },
        { name: "sent", title: "Messages", number: true, cell: (row) => said(row.sent) },
      ]}
    />
  );
}
