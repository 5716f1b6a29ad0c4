import { useDebouncedValue } from "@mantine/hooks";
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle, type Icon } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { escaped, lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Badge, Strip, type Fact, type Tone } from "@/components/page";
import type { Mapping } from "@/condition/written";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";

export type Look = Schemas["LookAnswer"];
export type HorizonLook = Schemas["HorizonLookBody"];
const DEBOUNCE_MS = 500;

/** What there is to learn from, asked anew when typing has rested; `spec` null asks nothing. */
export function useLook(spec: Mapping | null, key?: string) {
  const [settled] = useDebouncedValue(spec === null ? null : JSON.stringify(spec), DEBOUNCE_MS);
  const query = useQuery({
    queryKey: ["predictions/look", key, settled] as const,
    queryFn: ({ signal }) => post<Look>("predictions/look", { spec: JSON.parse(settled ?? "{}") as object, ...(key ? { key } : {}) }, signal),
    enabled: settled !== null, placeholderData: keepPreviousData, retry: false, staleTime: 300_000,
  });
  const stale = query.isPlaceholderData || (spec !== null && JSON.stringify(spec) !== settled);
  return { query, stale, answer: settled === null ? undefined : query.data };
}

const VERDICTS: Record<HorizonLook["verdict"], { title: string; tone: Tone }> = {
  enough: { title: "Enough to learn from", tone: "good" }, few: { title: "Few, with care", tone: "warn" },
  too_few: { title: "Too few yet", tone: "bad" }, impossible: { title: "Not possible yet", tone: "bad" },
};

export const VerdictBadge = ({ verdict }: { verdict: HorizonLook["verdict"] }) => <Badge tone={VERDICTS[verdict].tone}>{VERDICTS[verdict].title}</Badge>;

const SIGNS: Record<Schemas["StatementBody"]["tone"], Icon> = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX, plain: IconInfoCircle };

export function Said({ statements }: { statements: readonly Schemas["StatementBody"][] }) {
  return (
    <ul className="ft-said">
      {statements.map((one) => {
        const Sign = SIGNS[one.tone];
        return <li key={one.code} data-tone={one.tone}><Sign size={17} stroke={1.7} className="ft-icon" aria-hidden /><span>{one.text}</span></li>;
      })}
    </ul>
  );
}

/** Everything that a look tells, one horizon at a time. */
export function LookView({ look }: { look: Look }) {
  const formats = useFormats();
  const [chosen, setChosen] = useState<string>();
  const horizon = look.horizons.find((one) => one.horizon === chosen) ?? look.horizons[0];
  if (!horizon) return null;
  const latest = horizon.windows.at(-1);
  const isValue = look.unit !== "probability";
  const { power, season } = horizon;
  const facts: Fact[] = [
    { label: isValue ? "Had any, latest window" : "Came true, latest window", value: latest ? formats.share(latest.rate, latest.people) : "–", note: latest && latest.low !== null ? `interval ${formats.interval(latest.low, latest.high, "rate")}` : "no complete window" },
    { label: isValue ? "People with any" : "People with the outcome", value: formats.count(horizon.had), note: `${formats.count(horizon.had_not)} without` },
    { label: "In the test", value: formats.count(power.positives), note: horizon.by === "time" ? `of ${formats.count(power.positives + power.negatives)}, on a later time` : horizon.by === "people" ? "on other people, no later time" : "no test yet" },
    ...(isValue ? [] : [{ label: "Better than chance from", value: power.auc_least === null ? "–" : `AUC ${formats.number(power.auc_least)}`, note: power.auc_low === null ? "too few in the test" : `a .75 would read ${formats.number(power.auc_low)}–${formats.number(power.auc_high)}` } satisfies Fact]),
    { label: "Season", value: season.moves === null ? "Not yet" : season.year_from === null ? "A year is there" : "Not a year yet", note: season.moves ? `${formats.share(season.low_rate)} to ${formats.share(season.high_rate)}` : season.moves === false ? "moves no more than chance" : "too few windows" },
  ];
  return (
    <div className="ft-stack">
      {look.horizons.length > 1 && (
        <div className="ft-pick" role="group" aria-label="Horizon">
          {look.horizons.map((one) => <button key={one.horizon} type="button" aria-pressed={one === horizon} onClick={() => setChosen(one.horizon)}>{spanOf(one.horizon)} ahead</button>)}
        </div>
      )}
      <section className="ft-card" aria-label="Is there enough?">
        <div className="ft-cardhead"><h2>Is there enough to learn from?</h2><div><VerdictBadge verdict={horizon.verdict} /></div></div>
        <div className="ft-body"><Said statements={[...horizon.statements, ...look.statements]} /></div>
      </section>
      <Strip facts={facts} />
      {horizon.windows.length > 0 && <Incidence horizon={horizon} isValue={isValue} />}
      {horizon.amounts && horizon.amounts.bars.length > 0 && (
        <div className="ft-grid" data-fill="true">
          <Amounts amounts={horizon.amounts} money={look.unit === "money"} className="ft-c6" />
          <MeanOverTime amounts={horizon.amounts} money={look.unit === "money"} className="ft-c6" />
        </div>
      )}
    </div>
  );
}

const PARTS = { shown: "earlier", learn: "to learn", test: "to test" } as const;

/** The share of each window with its interval; what is kept for the test stands out. */
export function Incidence({ horizon, isValue, className, height }: { horizon: HorizonLook; isValue: boolean; className?: string; height?: number }) {
  const formats = useFormats();
  const colours = useColours();
  const { windows } = horizon;
  const colourOf = { shown: colours.rest, learn: colours["series-1"], test: colours["series-2"] };
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 52, right: 24, top: 26, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const one = windows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0];
        if (!one) return "";
        return [`<b>${escaped(formats.share(one.rate, one.people))}</b> ${escaped(`${formats.count(one.positives)} of ${formats.people(one.people)}`)}`, escaped(`${formats.day(one.at)} to ${formats.day(one.until)}`), ...(one.low === null ? [] : [escaped(`interval ${formats.interval(one.low, one.high, "rate")}`)]), PARTS[one.part]].join("<br>");
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: windows.map((one) => formats.day(one.at)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, (value) => formats.share(value, 1), isValue ? "had any" : "came true"), min: 0 },
    series: [
      { ...band, data: windows.map((one) => one.low) },
      { ...band, data: windows.map((one) => (one.low === null || one.high === null ? null : one.high - one.low)), areaStyle: { color: colours["series-1"], opacity: 0.16 } },
      { type: "line" as const, data: windows.map((one) => ({ value: one.rate, itemStyle: { color: colourOf[one.part] }, symbolSize: one.part === "test" ? 10 : 6 })), symbol: "circle", lineStyle: { width: 2, color: colours["series-1"] } },
    ],
  };
  const [first, last] = [windows[0], windows.at(-1)];
  return (
    <ChartCard
      className={className} title="How often did it come true?" height={height}
      side={`windows of ${spanOf(horizon.horizon)}`} option={option} rows={windows}
      summary={first && last ? `From ${formats.share(first.rate)} in the window from ${formats.day(first.at)} to ${formats.share(last.rate)} in the one from ${formats.day(last.at)}.` : "No complete window."}
      columns={[
        { name: "at", title: "Window from", cell: (one) => formats.day(one.at) },
        { name: "rate", title: "Share", number: true, key: true, cell: (one) => <b>{formats.share(one.rate, one.people)}</b> },
        { name: "interval", title: "Interval", number: true, cell: (one) => (one.low === null ? "–" : formats.interval(one.low, one.high, "rate")) },
        { name: "n", title: "Came true", number: true, cell: (one) => `${formats.count(one.positives)} of ${formats.count(one.people)}` },
        { name: "part", title: "Used", cell: (one) => PARTS[one.part] },
      ]}
    >
      <p className="ft-faint ft-small" style={{ padding: "0 14px 12px" }}>Each point is everybody meant at that instant. Grey: earlier than what is learnt from. Ochre: kept for the test.</p>
    </ChartCard>
  );
}

type AmountsBody = Schemas["AmountsBody"];

function Amounts({ amounts, money, className }: { amounts: AmountsBody; money: boolean; className: string }) {
  const formats = useFormats();
  const colours = useColours();
  const show = (value: number) => (money ? formats.moneyShort(value) : formats.countShort(value));
  const rows = [{ label: "nothing", people: amounts.zeros }, ...amounts.bars.map((bar) => ({ label: bar.high === null ? `${show(bar.low)} and more` : `${show(bar.low)}–${show(bar.high)}`, people: bar.people }))];
  const option = {
    grid: { left: 52, right: 16, top: 26, bottom: 42 },
    tooltip: { ...tooltip(colours), trigger: "axis" as const, formatter: (told: unknown) => { const row = rows[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0]; return row ? `<b>${escaped(formats.people(row.people))}</b> ${escaped(row.label)}` : ""; } },
    xAxis: { ...lowerAxis(colours, String, "in the latest window"), type: "category" as const, data: rows.map((row) => row.label), axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: valueAxis(colours, formats.countShort, "people"),
    series: [{ type: "bar" as const, barCategoryGap: "12%", data: rows.map((row, index) => ({ value: row.people, itemStyle: { color: index === 0 ? colours.rest : colours["series-1"] } })) }],
  };
  return (
    <ChartCard
      className={className} title="How much is it?" side={formats.people(amounts.people)} option={option} rows={rows}
      summary={`${formats.count(amounts.zeros)} of ${formats.people(amounts.people)} have nothing${amounts.quantiles.p50 === undefined ? "" : `; half of the others have ${show(amounts.quantiles.p50)} or more`}.`}
      columns={[{ name: "label", title: "Amount", cell: (row) => row.label }, { name: "people", title: "People", number: true, key: true, cell: (row) => formats.count(row.people) }]}
    />
  );
}

function MeanOverTime({ amounts, money, className }: { amounts: AmountsBody; money: boolean; className: string }) {
  const formats = useFormats();
  const colours = useColours();
  const { points } = amounts;
  const show = (value: number | null) => (money ? formats.money(value) : formats.number(value));
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 58, right: 24, top: 26, bottom: 28 },
    tooltip: { ...tooltip(colours), trigger: "axis" as const, formatter: (told: unknown) => { const one = points[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0]; return one ? `<b>${escaped(show(one.mean))}</b> ${escaped(formats.day(one.at))}<br>${escaped(formats.share(one.zeros))} have nothing` : ""; } },
    xAxis: { type: "category" as const, boundaryGap: false, data: points.map((one) => formats.day(one.at)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, (value) => (money ? formats.moneyShort(value) : formats.number(value, 1)), "mean of everybody"), min: 0 },
    series: [
      { ...band, data: points.map((one) => one.low) },
      { ...band, data: points.map((one) => (one.low === null || one.high === null ? null : one.high - one.low)), areaStyle: { color: colours["series-1"], opacity: 0.16 } },
      { type: "line" as const, data: points.map((one) => one.mean), symbol: "circle", symbolSize: 5, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  return (
    <ChartCard
      className={className} title="How did the mean move?" side="by window" option={option} rows={points}
      summary={points.length ? `${show(points.at(-1)?.mean ?? null)} in the latest window.` : "No complete window."}
      columns={[
        { name: "at", title: "Window from", cell: (one) => formats.day(one.at) },
        { name: "mean", title: "Mean", number: true, key: true, cell: (one) => show(one.mean) },
        { name: "zeros", title: "Nothing", number: true, cell: (one) => formats.share(one.zeros) },
      ]}
    />
  );
}
