import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { escaped, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Card, Page, Pairs, Strip } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { intervalWords } from "./interval-words";

const STEPS = ["month", "week", "day"] as const;
type Body = Schemas["KpiBody"];

export function KpiPage() {
  const key = useParams({ strict: false }).key ?? "";
  const [address, setAddress] = useAddress();
  const by = STEPS.find((step) => step === address.by) ?? "month";
  const query = useQuery(queries.kpi(key, { by: [by] }));
  const bySegment = useQuery(queries.kpi(key, { by: ["segment"] }));
  return (
    <Page
      title={query.data?.title ?? "KPI"}
      crumb={<Link to="/kpis">KPIs</Link>}
      purpose={query.data?.description}
      actions={
        <div className="ft-pick" role="group" aria-label="Period">
          {STEPS.map((step) => <button key={step} type="button" aria-pressed={step === by} onClick={() => setAddress({ by: step === "month" ? undefined : step }, true)}>By {step}</button>)}
        </div>
      }
    >
      <Loaded query={query} rows={10} what="Counting this KPI over its whole history">{(kpi) => <Series kpi={kpi} />}</Loaded>
      {bySegment.isError ? <Failed error={bySegment.error} /> : bySegment.data && bySegment.data.points.length > 0 && <Split kpi={bySegment.data} />}
    </Page>
  );
}

function Series({ kpi }: { kpi: Body }) {
  const formats = useFormats();
  const known = kpi.points.filter((point) => point.value !== null);
  const last = known.findLast((point) => point.complete) ?? known[known.length - 1];
  return (
    <>
      <Strip
        facts={[
          { label: last ? formats.period(last.period) : "Now", value: last ? formats.byUnit(last.value, kpi.unit) : "Not yet", note: last && last.low !== null ? `${formats.share(kpi.level, 1)} interval ${formats.interval(last.low, last.high, kpi.unit)}` : last ? intervalWords(last, kpi.unit, formats) : words(kpi.points[0]?.reason || "too little data").toLowerCase() },
          { label: "People in it", value: formats.count(last?.n), note: last ? "in the last whole period" : undefined },
          { label: "Target", value: formats.byUnit(kpi.target, kpi.unit), note: kpi.target === null ? "none set" : `${kpi.direction} is good` },
          { label: "Periods", value: formats.count(known.length), note: "with a value" },
        ]}
      />
      <KpiChart kpi={kpi} />
      <Card title="What it is">
        <div className="ft-body">
          <Pairs left rows={[["Counted", kpi.measure === "stock" ? "at an instant" : "over a period"], ["Good way", kpi.direction], ["Comes from", kpi.origin], ...kpi.notes.map((note): [string, string] => ["Note", note])]} />
        </div>
      </Card>
    </>
  );
}

function KpiChart({ kpi }: { kpi: Body }) {
  const formats = useFormats();
  const colours = useColours();
  const points = kpi.points.filter((point) => point.group === "");
  const hasBand = points.some((point) => point.low !== null);
  const short = (value: number) => (kpi.unit === "money" ? formats.moneyShort(value) : kpi.unit === "rate" || kpi.unit === "probability" ? formats.share(value, 1) : formats.countShort(value));
  const line = (ofComplete: boolean) => points.map((point, index) => {
    const besideOpen = points[index - 1]?.complete === false || points[index + 1]?.complete === false;
    return ofComplete ? (point.complete ? point.value : null) : !point.complete || besideOpen ? point.value : null;
  });
  const low = points.map((point) => point.low);
  const width = points.map((point) => (point.low === null || point.high === null ? null : point.high - point.low));
  const band = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const option = {
    grid: { left: 62, right: 30, top: 22, bottom: 28 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => {
        const index = (told as { dataIndex: number }[])[0]?.dataIndex ?? 0;
        const point = points[index];
        if (!point) return "";
        const parts = [`<b>${escaped(formats.byUnit(point.value, kpi.unit))}</b> ${escaped(formats.period(point.period))}`];
        if (point.low !== null) parts.push(`interval ${escaped(formats.interval(point.low, point.high, kpi.unit))}`);
        if (point.n !== null) parts.push(escaped(formats.people(point.n)));
        if (!point.complete) parts.push("period not over");
        return parts.join("<br>");
      },
    },
    xAxis: { type: "category" as const, boundaryGap: false, data: points.map((point) => formats.period(point.period)), axisLine: { lineStyle: { color: colours.strong } }, axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true } },
    yAxis: { ...valueAxis(colours, short), scale: true },
    series: [
      ...(hasBand ? [{ ...band, data: low }, { ...band, data: width, areaStyle: { color: colours["series-1"], opacity: 0.16 } }] : []),
      {
        type: "line" as const, data: line(true), symbol: points.length > 60 ? "none" : "circle", symbolSize: 5, lineStyle: { width: 2, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] },
        ...(kpi.target !== null ? { markLine: { silent: true, symbol: "none", lineStyle: { color: colours.muted, type: "dashed" as const }, label: { formatter: `target ${formats.byUnit(kpi.target, kpi.unit)}`, position: "insideStartTop" as const, color: colours.muted, fontSize: 11 }, data: [{ yAxis: kpi.target }] } } : {}),
      },
      { type: "line" as const, data: line(false), symbol: "circle", symbolSize: 4, lineStyle: { width: 2, type: "dotted" as const, color: colours["series-1"] }, itemStyle: { color: colours["series-1"] } },
    ],
  };
  const known = points.filter((point) => point.value !== null);
  const summary = known.length ? `From ${formats.byUnit(known[0]?.value, kpi.unit)} in ${formats.period(known[0]?.period ?? "")} to ${formats.byUnit(known.at(-1)?.value, kpi.unit)} in ${formats.period(known.at(-1)?.period ?? "")}.` : "No values yet.";
  return (
    <ChartCard
      title="How did it move?"
      side={hasBand ? `band: ${formats.share(kpi.level, 1)} interval` : points.some((point) => point.exact) ? "exact" : "no interval"}
      option={option}
      height={320}
      summary={summary}
      rows={points}
      columns={[
        { name: "period", title: "Period", cell: (point) => formats.period(point.period) },
        { name: "value", title: kpi.title, number: true, key: true, cell: (point) => (point.value === null ? words(point.reason) : formats.byUnit(point.value, kpi.unit)) },
        { name: "interval", title: "Interval", number: true, cell: (point) => intervalWords(point, kpi.unit, formats) },
        { name: "n", title: "People", number: true, cell: (point) => formats.count(point.n) },
      ]}
    />
  );
}

function Split({ kpi }: { kpi: Body }) {
  const formats = useFormats();
  const segments = useQuery(queries.segments()).data?.rows;
  const titleOf = (key: string) => segments?.find((one) => one.key === key)?.title ?? words(key);
  return (
    <Card title="By segment" side="the whole span, segments can overlap" line>
      <Table
        label="By segment"
        rows={kpi.points}
        rowKey={(point) => `${point.group} ${point.period}`}
        columns={[
          { name: "group", title: "Segment", cell: (point) => (point.group ? <Link to="/segments/$key" params={{ key: point.group }}>{titleOf(point.group)}</Link> : "Everyone") },
          { name: "n", title: "People", number: true, cell: (point) => formats.count(point.n) },
          { name: "interval", title: "Interval", number: true, cell: (point) => intervalWords(point, kpi.unit, formats) },
          { name: "value", title: kpi.title, number: true, key: true, cell: (point) => (point.value === null ? <span className="ft-muted">{point.reason ? words(point.reason) : "–"}</span> : <b>{formats.byUnit(point.value, kpi.unit)}</b>) },
        ]}
      />
    </Card>
  );
}
