import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { escaped, lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { scoresIn } from "@/formats/scores";
import { words } from "@/formats/words";

type Body = Schemas["PredictionBody"];
type Group = Schemas["GroupValue"];

/** What was expected of each fifth of the people, and what came; whether the intervals held. */
export function Fifths({ prediction, report }: { prediction: Body; report: Schemas["HorizonReport"] }) {
  const formats = useFormats();
  const colours = useColours();
  const { fifths } = report;
  const { mean, short } = scoresIn(prediction.unit, formats);
  if (fifths.length === 0) return null;
  const names = ["lowest fifth", "second", "middle", "fourth", "highest fifth"];
  const option = {
    grid: { left: 58, right: 16, top: 26, bottom: 42 },
    tooltip: {
      ...tooltip(colours), trigger: "axis" as const,
      formatter: (told: unknown) => { const one = fifths[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0]; return one ? `expected <b>${escaped(mean(one.mean_expected))}</b><br>came <b>${escaped(mean(one.mean_actual))}</b><br>${escaped(formats.share(one.coverage, one.n))} inside their interval` : ""; },
    },
    xAxis: { ...lowerAxis(colours, String, "people by what was expected of them"), type: "category" as const, data: names.slice(0, fifths.length), axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11 } },
    yAxis: valueAxis(colours, short, "mean of a person"),
    series: [
      { type: "bar" as const, name: "expected", data: fifths.map((one) => one.mean_expected), itemStyle: { color: colours["series-1"] }, barMaxWidth: 34 },
      { type: "bar" as const, name: "came", data: fifths.map((one) => one.mean_actual), itemStyle: { color: colours.rest }, barMaxWidth: 34 },
    ],
  };
  return (
    <ChartCard
      title="Does what we expect come?" side="blue: expected, grey: what came" option={option} rows={fifths}
      summary={fifths.map((one) => `Expected ${mean(one.mean_expected)}, came ${mean(one.mean_actual)}.`).join(" ")}
      columns={[
        { name: "n", title: "People", cell: (one) => formats.people(one.n) },
        { name: "expected", title: "Expected", number: true, cell: (one) => mean(one.mean_expected) },
        { name: "actual", title: "Came", number: true, key: true, cell: (one) => <b>{mean(one.mean_actual)}</b> },
        { name: "coverage", title: "Inside the interval", number: true, cell: (one) => formats.share(one.coverage, one.n) },
      ]}
    />
  );
}

/** What cohorts and segments are expected to bring together, with the interval of the sum. */
export function ByGroup({ prediction }: { prediction: Body }) {
  const formats = useFormats();
  const [by, setBy] = useState<"cohort" | "segment">("cohort");
  const query = useQuery(queries.predictionValues(prediction.key, by));
  const segments = useQuery(queries.segments()).data?.rows;
  const { mean, interval } = scoresIn(prediction.unit, formats);
  const titleOf = (group: Group) => (by === "cohort" ? formats.period(group.group) : (segments?.find((one) => one.key === group.group)?.title ?? words(group.group)));
  return (
    <Card
      title="Who brings how much?" line
      side={<div className="ft-pick" role="group" aria-label="Put together by">{(["cohort", "segment"] as const).map((one) => <button key={one} type="button" aria-pressed={one === by} onClick={() => setBy(one)}>{one === "cohort" ? "Month of the first purchase" : "Segment"}</button>)}</div>}
    >
      <Loaded query={query} rows={6}>
        {(values) => (
          <>
            <Table
              label="Who brings how much?" rows={values.groups} rowKey={(group) => group.group}
              columns={[
                { name: "group", title: by === "cohort" ? "Month" : "Segment", cell: titleOf },
                { name: "people", title: "People", number: true, cell: (group) => formats.count(group.people) },
                { name: "mean", title: "A person", number: true, cell: (group) => mean(group.mean) },
                { name: "interval", title: "Interval of the sum", number: true, cell: (group) => (group.low === null || group.high === null ? "–" : interval(group.low, group.high)) },
                { name: "total", title: "Together", number: true, key: true, cell: (group) => <b>{mean(group.total)}</b> },
              ]}
            />
            <div className="ft-foot"><span>All {formats.people(values.total.people)}: {mean(values.total.total)}{values.total.low !== null && values.total.high !== null && `, interval ${interval(values.total.low, values.total.high)}`}. {by === "segment" && "Segments can overlap."}</span></div>
          </>
        )}
      </Loaded>
    </Card>
  );
}
