import { Button, Slider } from "@mantine/core";
import { IconUsers, IconUsersPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { escaped, lowerAxis, tooltip, valueAxis } from "@/components/axes";
import { ChartCard, useColours } from "@/components/chart";
import { Card } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Empty, Failed, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { asLine } from "@/condition/yaml";
import type { Json } from "@/condition/written";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { scoresIn } from "@/formats/scores";
import { spanOf } from "@/formats/span";
import { ByGroup } from "./amounts";
import { Quadrant, CELLS, type CellName } from "./quadrant";

type Body = Schemas["PredictionBody"];
type Scored = Schemas["ScoredPerson"];

/** The way to a new segment that holds the same people. */
export const segmentOf = (condition: unknown, about: string) => ({ condition: asLine(condition as Json), about });

/** Whom to act on: short against long risk, how the scores lie, and everybody above a cut-off. */
export function PeopleTab({ prediction }: { prediction: Body }) {
  const [address, setAddress] = useAddress();
  const horizon = prediction.horizons.find((one) => one === address.horizon) ?? prediction.horizons[0] ?? "";
  const cell = CELLS.find((one) => one === address.cell);
  if (prediction.scores.length === 0) {
    return <div className="ft-card"><Empty icon={IconUsers} title="Nobody is scored yet" action={<Button variant="default" onClick={() => setAddress({ tab: "history" })}>Open the history</Button>}>People stand here with the first scoring, which follows the first training.</Empty></div>;
  }
  return (
    <>
      {prediction.unit === "probability" && prediction.horizons.length > 1 && <QuadrantPart prediction={prediction} cell={cell} />}
      <Values prediction={prediction} horizon={horizon} />
      {prediction.unit === "money" && <ByGroup prediction={prediction} />}
      <Above key={`${horizon} ${cell ?? ""}`} prediction={prediction} horizon={horizon} cell={cell} />
    </>
  );
}

function QuadrantPart({ prediction, cell }: { prediction: Body; cell?: CellName }) {
  const [, setAddress] = useAddress();
  const query = useQuery(queries.predictionQuadrant(prediction.key));
  if (query.error instanceof ApiError && ["NOT_SCORED", "NO_QUADRANT"].includes(query.error.told.code)) return null;
  return <Loaded query={query} rows={7}>{(body) => <Quadrant body={body} chosen={cell} onChoose={(next) => setAddress({ cell: next === cell ? undefined : next, page: undefined, gte: undefined }, true)} />}</Loaded>;
}

/** Of a prediction told apart by a property: each value, and for how many it is the most probable. */
function Values({ prediction, horizon }: { prediction: Body; horizon: string }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const rows = useQuery(queries.predictionCategories(prediction.key, horizon)).data?.rows ?? [];
  if (rows.length === 0) return null;
  const most = Math.max(...rows.map((row) => row.mean), 1e-9);
  return (
    <Card title="Which is the most probable?" side="mean of everybody, and for how many it comes first">
      <div className="ft-body">
        {rows.map((row) => (
          <BarRow
            key={row.value} share={row.mean / most} tone={address.value && address.value !== row.value ? "rest" : undefined} value={formats.share(row.mean)}
            label={<button type="button" className="ft-plain" aria-pressed={address.value === row.value} onClick={() => setAddress({ value: address.value === row.value ? undefined : row.value, page: undefined, cell: undefined }, true)}><b>{row.value}</b> <span className="ft-faint ft-small">{formats.people(row.high)}</span></button>}
          />
        ))}
      </div>
    </Card>
  );
}

function Above({ prediction, horizon, cell }: { prediction: Body; horizon: string; cell?: CellName }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const gte = cell || !address.gte ? undefined : Number(address.gte);
  const query = useQuery(queries.predictionPeople(prediction.key, { horizon, page, ...(cell ? { cell } : { gte, value: address.value }) }));
  const show = scoresIn(prediction.unit, formats).one;
  const of = address.value && !cell ? `${address.value}: ` : "";
  const title = cell ? `In “${TITLES[cell]}”` : gte === undefined ? `${of}${of ? "highest" : "Highest"} first` : `${of}${of ? "from" : "From"} ${show(gte)} on`;
  const about = address.value && !cell ? `${prediction.title}: ${address.value}.` : cell ? `${prediction.title}: ${TITLES[cell].toLowerCase()}.` : `${prediction.title}${gte === undefined ? "" : `, at least ${show(gte)}`}.`;
  return (
    <>
      {!cell && !address.value && <Spread prediction={prediction} horizon={horizon} gte={gte} />}
      <Loaded query={query} rows={10}>
        {(people) => (
          <Card
            title={title} line
            side={
              <div className="ft-actions">
                {!cell && prediction.horizons.length > 1 && <div className="ft-pick" role="group" aria-label="Horizon">{prediction.horizons.map((one) => <button key={one} type="button" aria-pressed={one === horizon} onClick={() => setAddress({ horizon: one, page: undefined }, true)}>{spanOf(one)}</button>)}</div>}
                <Button component={Link} to="/segments/new" search={segmentOf(people.condition, about) as never} size="xs" data-size="xs" leftSection={<IconUsersPlus size={14} stroke={1.7} aria-hidden />}>Create segment, {formats.people(people.total)}</Button>
              </div>
            }
          >
            {people.rows.length === 0 ? <Empty icon={IconUsers} title="Nobody" action={<button type="button" className="ft-link" onClick={() => setAddress({ gte: undefined, cell: undefined })}>Show everybody</button>}>{cell ? "Nobody is in this group now." : `Nobody reaches ${show(gte ?? 0)}.`}</Empty> : (
              <>
                <Table label={title} columns={columnsOf(prediction, horizon, formats)} rows={people.rows} rowKey={(row) => row.profile_id} />
                <Pager page={page} total={people.total} what="people" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
              </>
            )}
          </Card>
        )}
      </Loaded>
      {query.isError && <Failed error={query.error} />}
    </>
  );
}

const TITLES: Record<CellName, string> = { act_now: "Act now", slow_drift: "Slow drift", noisy: "Noisy", healthy: "Healthy" };

function columnsOf(prediction: Body, key: string, formats: Formats): Column<Scored>[] {
  const { one: show, interval } = scoresIn(prediction.unit, formats);
  const over = (horizon: string): Column<Scored> => ({
    name: horizon, title: prediction.horizons.length > 1 ? spanOf(horizon) : "Foreseen", number: true, key: horizon === key,
    cell: (row) => {
      const one = row.scores[horizon];
      return one ? <><b>{show(one.score)}</b> <span className="ft-faint ft-small">{interval(one.low, one.high)}</span></> : "–";
    },
  });
  return [
    { name: "name", title: "Person", cell: (row) => <PersonLink id={row.profile_id} name={row.name} /> },
    ...prediction.horizons.map(over),
    ...(prediction.unit === "money" ? [] : [{ name: "value", title: "Expected value", number: true, cell: (row: Scored) => formats.money(row.value) }]),
    { name: "revenue", title: "Spent so far", number: true, cell: (row) => (row.orders ? formats.money(row.revenue) : "–") },
    { name: "last", title: "Last order", number: true, cell: (row) => formats.day(row.last_order) },
  ];
}

/** How many have which score; the slider chooses the cut-off. */
function Spread({ prediction, horizon, gte }: { prediction: Body; horizon: string; gte?: number }) {
  const formats = useFormats();
  const colours = useColours();
  const [, setAddress] = useAddress();
  const query = useQuery(queries.predictionSpread(prediction.key, horizon));
  const [moving, setMoving] = useState<number | null>(null);
  const spread = query.data;
  if (!spread || spread.bars.length === 0) return query.isError ? <Failed error={query.error} /> : null;
  const show = scoresIn(prediction.unit, formats).short;
  const top = spread.bars.at(-1)?.high ?? 1;
  const cut = moving ?? gte ?? 0;
  const option = {
    grid: { left: 52, right: 16, top: 24, bottom: 42 },
    tooltip: { ...tooltip(colours), trigger: "axis" as const, formatter: (told: unknown) => { const bar = spread.bars[(told as { dataIndex: number }[])[0]?.dataIndex ?? 0]; return bar ? `<b>${escaped(formats.people(bar.people))}</b> ${escaped(`${show(bar.low)} to ${show(bar.high)}`)}` : ""; } },
    xAxis: { ...lowerAxis(colours, String, prediction.unit === "probability" ? "foreseen probability" : "expected value"), type: "category" as const, data: spread.bars.map((bar) => show(bar.low)), axisTick: { show: false }, axisLabel: { color: colours.muted, fontSize: 11, hideOverlap: true, interval: 9 } },
    yAxis: valueAxis(colours, formats.countShort, "people"),
    series: [{ type: "bar" as const, barCategoryGap: "8%", data: spread.bars.map((bar) => ({ value: bar.people, itemStyle: { color: bar.low >= cut - 1e-9 ? colours["series-1"] : colours.rest, opacity: bar.low >= cut - 1e-9 ? 1 : 0.55 } })) }],
  };
  const step = top / spread.bars.length;
  return (
    <ChartCard
      title="From which score on?" side={`${formats.people(spread.people)}, ${formats.day(spread.as_of)}`} option={option} height={190} rows={spread.bars}
      summary={`The mean is ${show(spread.mean ?? 0)}.`}
      columns={[{ name: "low", title: "From", cell: (bar) => show(bar.low) }, { name: "people", title: "People", number: true, key: true, cell: (bar) => formats.count(bar.people) }]}
    >
      <div style={{ padding: "0 18px 16px 62px" }}>
        <Slider
          label={(value) => `at least ${show(value)}`} thumbLabel="Cut-off" size={4} min={0} max={top} step={step} value={cut}
          onChange={setMoving} onChangeEnd={(value) => { setMoving(null); setAddress({ gte: value <= 0 ? undefined : Number(value.toPrecision(6)), page: undefined }, true); }}
        />
      </div>
    </ChartCard>
  );
}
