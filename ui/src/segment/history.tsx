import { IconChartDots } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Empty, Failed, Loaded, Shapes } from "@/components/states";
import type { Json } from "@/condition/written";
import { useFormats } from "@/formats/context";

type Point = Schemas["TrendPoint"];
type Day = Schemas["ChangesOfDay"];
const WEEKS = 53;
const LEAST_POINTS = 2;

/** A segment's size at the beginning of each week, by today's condition. */
export function History({ segment }: { segment: string }) {
  const query = useQuery(queries.segmentTrend(segment, WEEKS));
  return (
    <>
      <Loaded query={query} rows={6} what="Reading the condition as of each past week">{({ points }) => (points.length < LEAST_POINTS ? <div className="ft-card"><Empty icon={IconChartDots} title="Not yet">A history needs two weeks of data.</Empty></div> : <SizeChart points={points} />)}</Loaded>
      <CameAndWent segment={segment} />
    </>
  );
}

/** Who came in and left on each day since the segment is kept; nothing where nobody did. */
function CameAndWent({ segment }: { segment: string }) {
  const formats = useFormats();
  const colours = useColours();
  const days = useQuery(queries.segmentKeeping(segment)).data?.days ?? [];
  if (days.length === 0) return null;
  const bar = (name: string, colour: string, of: (day: Day) => number) => ({ type: "bar" as const, name, stack: "days", data: days.map(of), itemStyle: { color: colour }, barMaxWidth: 18 });
  const [came, went] = [days.reduce((sum, day) => sum + day.entered, 0), days.reduce((sum, day) => sum + day.exited, 0)];
  const option = {
    grid: { left: 56, right: 24, top: 22, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const day = days[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        return day ? `<b>${escaped(formats.day(day.day))}</b><br>${escaped(`${formats.people(day.entered)} came, ${formats.count(day.exited)} left`)}` : "";
      },
    },
    xAxis: { type: "category" as const, data: days.map((day) => formats.day(day.day)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: valueAxis(colours, (value) => formats.countShort(Math.abs(value)), "came above, left below"),
    series: [bar("came", colours["series-1"], (day) => day.entered), bar("left", colours.rest, (day) => -day.exited)],
  };
  return (
    <ChartCard
      title="Who came and went?" side="the last 30 days, as kept" option={option} height={200} rows={days}
      summary={`${formats.people(came)} came and ${formats.count(went)} left.`}
      columns={[
        { name: "day", title: "Day", cell: (day) => formats.day(day.day) },
        { name: "came", title: "Came", number: true, key: true, cell: (day) => formats.count(day.entered) },
        { name: "left", title: "Left", number: true, cell: (day) => formats.count(day.exited) },
      ]}
    />
  );
}

const POINTS = 7;
const APART_MS = 28 * 86_400_000;

/** The size of a condition that is not kept yet, every four weeks back from now. */
export function DraftHistory({ condition, of }: { condition: Json; of: "known" | "all" }) {
  const formats = useFormats();
  const now = Date.parse(formats.setting.now);
  // To the hour, so that a clock that ticks does not ask anew.
  const end = Math.floor(now / 3_600_000) * 3_600_000;
  const instants = Array.from({ length: POINTS }, (_, index) => new Date(end - (POINTS - 1 - index) * APART_MS).toISOString());
  const found = useQueries({
    queries: instants.map((asOf) => ({
      queryKey: ["conditions/preview", of, condition, asOf] as const,
      queryFn: ({ signal }: { signal: AbortSignal }) => post<Schemas["ConditionPreview"]>("conditions/preview", { condition: condition ?? {}, of, as_of: asOf, sample: 0 }, signal),
      enabled: condition !== null, retry: false, staleTime: 600_000,
    })),
  });
  const failed = found.find((one) => one.isError);
  if (failed) return <Failed error={failed.error} retry={() => void failed.refetch()} />;
  if (condition === null || found.some((one) => one.data && one.data.total === null)) return <p className="ft-body ft-muted">The history stands here as soon as the condition is complete.</p>;
  if (found.some((one) => !one.data)) return <Shapes rows={6} what="Reading the condition as of each past month" />;
  return <SizeChart points={found.map((one, index) => ({ at: instants[index] as string, people: one.data?.total ?? 0, joined: null, left: null, stays: null }))} />;
}

function SizeChart({ points }: { points: Point[] }) {
  const formats = useFormats();
  const colours = useColours();
  const [first, last] = [points[0] as Point, points.at(-1) as Point];
  const option = {
    grid: { left: 56, right: 24, top: 22, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const point = points[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        if (!point) return "";
        const moves = point.joined === null ? [] : [`${formats.count(point.joined)} joined, ${formats.count(point.left)} left since the point before`];
        return [`<b>${escaped(formats.people(point.people))}</b> ${escaped(formats.instant(point.at))}`, ...moves.map(escaped)].join("<br>");
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: points.map((point) => formats.day(point.at)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, formats.countShort, "people"), min: 0 },
    series: [{ type: "line" as const, data: points.map((point) => point.people), symbol: points.length > 60 ? "none" : "circle", symbolSize: 4, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] }, areaStyle: { color: colours["series-1"], opacity: 0.12 } }],
  };
  return (
    <ChartCard
      title="How large was it?" side="exact, by today's condition" option={option} height={280} rows={points}
      summary={`From ${formats.people(first.people)} on ${formats.day(first.at)} to ${formats.people(last.people)} on ${formats.day(last.at)}.`}
      columns={[
        { name: "at", title: "Instant", cell: (point) => formats.instant(point.at) },
        { name: "joined", title: "Joined", number: true, cell: (point) => formats.count(point.joined) },
        { name: "left", title: "Left", number: true, cell: (point) => formats.count(point.left) },
        { name: "stays", title: "Stayed", number: true, cell: (point) => formats.share(point.stays) },
        { name: "people", title: "People", number: true, key: true, cell: (point) => <b>{formats.count(point.people)}</b> },
      ]}
    />
  );
}
