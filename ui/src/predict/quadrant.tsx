import { Button } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/types";
import { lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Card } from "@/components/page";
import { asLine } from "@/condition/yaml";
import type { Json } from "@/condition/written";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import "./predict.css";

type Body = Schemas["QuadrantBody"];
export type CellName = Schemas["CellBody"]["name"];
export const CELLS: readonly CellName[] = ["act_now", "slow_drift", "noisy", "healthy"];

const SAYS: Record<CellName, { title: string; what: string }> = {
  act_now: { title: "Act now", what: "high soon and later" },
  slow_drift: { title: "Slow drift", what: "usual soon, high later" },
  noisy: { title: "Noisy", what: "high soon, usual later" },
  healthy: { title: "Healthy", what: "usual soon and later" },
};
const BY: Record<Body["short"]["by"], string> = { document: "as the document says", "base rate": "the usual rate over that time", mean: "the mean of the scores" };
const percent = (value: number) => `${Math.round(value * 100)} %`;

/** Short against long risk: everybody at a glance, the four groups in numbers, each a way to its people. */
export function Quadrant({ body, chosen, onChoose }: { body: Body; chosen?: CellName; onChoose: (cell: CellName) => void }) {
  const formats = useFormats();
  const colours = useColours();
  const { short, long } = body;
  const colourOf: Record<CellName, string> = { act_now: colours["series-4"], slow_drift: colours["series-2"], noisy: colours.rest, healthy: colours["series-3"] };
  const line = { silent: true, symbol: "none", lineStyle: { color: colours.muted, type: "dashed" as const, width: 1 }, label: { color: colours.muted, fontSize: 11 } };
  const option = {
    grid: { left: 52, right: 24, top: 28, bottom: 42 },
    tooltip: {
      ...tooltip(colours), trigger: "item" as const,
      formatter: (told: unknown) => { const [x, y] = (told as { data: number[] }).data; return x === undefined || y === undefined ? "" : `${spanOf(short.horizon)} <b>${formats.probability(x)}</b><br>${spanOf(long.horizon)} <b>${formats.probability(y)}</b>`; },
    },
    xAxis: { ...lowerAxis(colours, percent, `within ${spanOf(short.horizon)}`), scale: true, ...rangeOf(body.points.map((one) => one.short), short.gte) },
    yAxis: { ...valueAxis(colours, percent, `within ${spanOf(long.horizon)}`), ...rangeOf(body.points.map((one) => one.long), long.gte) },
    series: CELLS.map((cell, index) => ({
      type: "scatter" as const, symbolSize: 6, itemStyle: { color: colourOf[cell], opacity: chosen && chosen !== cell ? 0.15 : 0.6 },
      data: body.points.filter((one) => one.cell === cell).map((one) => [one.short, one.long]),
      ...(index === 0 ? { markLine: { ...line, data: [{ xAxis: short.gte, label: { formatter: `usual ${percent(short.gte)}`, position: "end" as const, color: colours.muted } }, { yAxis: long.gte, label: { formatter: `usual ${percent(long.gte)}`, position: "insideEndTop" as const, color: colours.muted } }] } } : {}),
    })),
  };
  const biggest = body.cells.reduce((most, cell) => (cell.people > most.people ? cell : most), body.cells[0] as Body["cells"][number]);
  const asked = body.cells.find((one) => one.name === chosen);
  return (
    <div className="ft-grid" data-fill="true">
      <ChartCard
        className="ft-c6" title="Who leaves soon, who drifts away?" side={`${formats.people(body.people)}, ${formats.day(body.as_of)}`} option={option} height={300}
        summary={`Most people, ${formats.count(biggest.people)}, are in “${SAYS[biggest.name].title}”.`} rows={body.cells}
        columns={[
          { name: "name", title: "Group", cell: (cell) => SAYS[cell.name].title },
          { name: "people", title: "People", number: true, key: true, cell: (cell) => formats.count(cell.people) },
          { name: "short", title: spanOf(short.horizon), number: true, cell: (cell) => formats.probability(cell.short) },
          { name: "long", title: spanOf(long.horizon), number: true, cell: (cell) => formats.probability(cell.long) },
        ]}
      >
        {body.points.length < body.people && <p className="ft-faint ft-small" style={{ padding: "0 14px 12px" }}>A drawing of {formats.people(body.points.length)}, the same ones each time. The counts are of everybody.</p>}
      </ChartCard>
      <Card title="Four groups" side="counts are exact" className="ft-c6">
        <div className="ft-body">
          <div className="ft-cells">
            {CELLS.map((name) => {
              const cell = body.cells.find((one) => one.name === name);
              if (!cell) return null;
              return (
                <button key={name} type="button" className="ft-cell" aria-pressed={name === chosen} onClick={() => onChoose(name)}>
                  <span className="name"><i data-cell={name} aria-hidden />{SAYS[name].title}</span>
                  <b>{formats.count(cell.people)}</b>
                  <span className="ft-muted ft-small">{formats.share(cell.share, body.people)} · {SAYS[name].what}</span>
                  {cell.money !== null && <span className="ft-muted ft-small">{formats.money(cell.money)} expected value</span>}
                </button>
              );
            })}
          </div>
          <p className="ft-faint ft-small" style={{ marginTop: 10 }}>High: from {percent(short.gte)} within {spanOf(short.horizon)} ({BY[short.by]}) and from {percent(long.gte)} within {spanOf(long.horizon)} ({BY[long.by]}).</p>
          {asked && <div className="ft-actions" style={{ marginTop: 10 }}><Button variant="default" component={Link} to="/segments/new" search={{ condition: asLine(asked.condition as Json), about: `${SAYS[asked.name].title}: ${SAYS[asked.name].what}.` } as never} leftSection={<IconUsersPlus size={15} stroke={1.7} aria-hidden />}>Segment of “{SAYS[asked.name].title}”</Button></div>}
        </div>
      </Card>
    </div>
  );
}

const STEP = 0.2;

/** From the least to the most that there is, in whole steps, with the threshold inside. */
function rangeOf(values: readonly number[], threshold: number) {
  const all = [...values, threshold];
  const [least, most] = [Math.floor(Math.min(...all) / STEP) * STEP, Math.ceil(Math.max(...all) / STEP) * STEP];
  return { min: Math.max(0, Number(least.toFixed(1))), max: Math.min(1, Number(most.toFixed(1))), interval: STEP };
}
