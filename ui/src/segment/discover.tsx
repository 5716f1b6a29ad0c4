import { Button, NumberInput, Select } from "@mantine/core";
import { IconChartDots, IconSearch } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Range } from "@/components/bars";
import { Badge, Card, Page, Strip } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { asLine } from "@/condition/yaml";
import type { Json } from "@/condition/written";
import { useFormats } from "@/formats/context";
import type { Formats, Unit } from "@/formats/formats";
import "./segment.css";

type Found = Schemas["DiscoverBody"];
type Group = Schemas["GroupRow"];
const UNITS: Record<Schemas["TargetRow"]["unit"], Unit> = { share: "rate", money: "money", score: "probability" };
const LEAST = 100;

const found = (target: string, least: number, depth: number) => queryOptions({
  queryKey: ["segment-groups/discover", target, least, depth] as const,
  queryFn: () => post<Found>("segment-groups/discover", { target, least_people: least, depth }),
  enabled: target !== "",
  staleTime: 600_000,
});

/** Groups in which something lies unusually high or low, and that held on other people at a later time. */
export function DiscoverPage() {
  const [address, setAddress] = useAddress();
  const targets = useQuery(queries.discoveryTargets());
  return (
    <Page title="Discover" purpose="Where are churn, value or response unusual?">
      <Loaded query={targets} rows={3}>
        {({ rows }) => (rows.length === 0 ? (
          <div className="ft-card"><Empty icon={IconChartDots} title="Nothing to look at yet" action={<Button component={Link} to="/predictions" variant="default">Open the predictions</Button>}>Groups are looked for in what a prediction foresees or what came of it. Write a prediction first.</Empty></div>
        ) : <Asked rows={rows} address={address} onChange={setAddress} />)}
      </Loaded>
    </Page>
  );
}

function Asked({ rows, address, onChange }: { rows: Schemas["TargetRow"][]; address: Record<string, string | undefined>; onChange: (change: Record<string, string | number | undefined>) => void }) {
  const asked = rows.find((row) => row.name === address.target)?.name ?? "";
  const [target, setTarget] = useState(asked || (rows[0]?.name ?? ""));
  const [least, setLeast] = useState<number>(Number(address.least) || LEAST);
  const [depth, setDepth] = useState(address.depth ?? "3");
  const query = useQuery(found(asked, Number(address.least) || LEAST, Number(address.depth) || 3));
  return (
    <>
      <form className="ft-card ft-filters" style={{ padding: "12px 14px", alignItems: "flex-end" }} onSubmit={(event) => { event.preventDefault(); onChange({ target, least: least === LEAST ? undefined : least, depth: depth === "3" ? undefined : depth }); }}>
        <Select className="ft-field ft-wholefield" label="What is looked at" allowDeselect={false} searchable w={520} maw="100%" data={rows.map((row) => ({ value: row.name, label: row.words }))} value={target} onChange={(value) => setTarget(value ?? target)} />
        <NumberInput className="ft-field" classNames={{ input: "ft-input" }} size="sm" label="People in a group, at least" min={20} max={1_000_000} hideControls w={190} value={least} onChange={(value) => setLeast(Number(value) || LEAST)} />
        <Select className="ft-field" label="Conditions in a group" allowDeselect={false} w={170} data={[{ value: "1", label: "one" }, { value: "2", label: "up to two" }, { value: "3", label: "up to three" }]} value={depth} onChange={(value) => setDepth(value ?? "3")} />
        <Button type="submit" loading={query.isFetching} leftSection={<IconSearch size={15} stroke={1.7} aria-hidden />}>Find groups</Button>
      </form>
      {asked ? <Loaded query={query} rows={8} what="Looking through groups on one half of the people, and holding what is found against the other half">{(body) => <Shown body={body} />}</Loaded> : (
        <div className="ft-card"><Empty icon={IconChartDots} title="Nothing looked for yet">Choose what is looked at, then find groups. They are looked for on one half of the people and shown only if they hold on the other half, at a later time.</Empty></div>
      )}
    </>
  );
}

function Shown({ body }: { body: Found }) {
  const formats = useFormats();
  const left = Object.entries(body.left_out).filter(([, people]) => people > 0);
  return (
    <>
      <Strip facts={[
        { label: "Found", value: formats.plural(body.groups.length, "group", "groups"), note: `of ${formats.count(body.tested)} put to the check` },
        { label: "Looked at", value: formats.plural(body.looked_at, "group", "groups"), note: `made of ${formats.plural(body.selectors, "condition", "conditions")}` },
        { label: "Searched", value: formats.people(body.searched), note: `${formats.day(body.search.at)} to ${formats.day(body.search.until)}` },
        { label: "Checked on others", value: formats.people(body.checked), note: `${formats.day(body.check.at)} to ${formats.day(body.check.until)}` },
        { label: "Smallest group", value: formats.people(body.floor), note: left.length ? `${formats.people(left.reduce((sum, [, people]) => sum + people, 0))} left out: ${left.map(([reason]) => reason.replaceAll("_", " ")).join(", ")}` : "nobody is left out" },
      ]} />
      <Card title={`Where is “${body.target.words}” unusual?`} side="difference to all others on the checked half" line>
        {body.groups.length === 0 ? <Empty icon={IconChartDots} title="No group differs more than chance">{`None of ${formats.count(body.tested)} groups held on the other half of the people. With more people, or for another outcome, that may change.`}</Empty> : <Groups body={body} />}
      </Card>
    </>
  );
}

function Groups({ body }: { body: Found }) {
  const reach = body.groups.flatMap((group) => [group.difference.value, group.difference.low ?? group.difference.value, group.difference.high ?? group.difference.value, 0]);
  const [from, to] = [Math.min(...reach), Math.max(...reach)];
  return <div className="ft-rows">{body.groups.map((group) => <GroupCard key={group.says} group={group} target={body.target} from={from} to={to} />)}</div>;
}

const asked = (formats: Formats, group: Group, unit: Unit) => formats.byUnit(group.inside.value, unit);

function GroupCard({ group, target, from, to }: { group: Group; target: Schemas["TargetRow"]; from: number; to: number }) {
  const formats = useFormats();
  const unit = UNITS[target.unit];
  const { value, low, high, level } = group.difference;
  return (
    <article className="ft-found" aria-label={group.says}>
      <div>
        <p className="ft-strong">{group.says}</p>
        <p className="ft-muted ft-small">{formats.people(group.people)} now · {formats.people(group.checked)} checked</p>
      </div>
      <div>
        <p><b>{asked(formats, group, unit)}</b> <span className="ft-muted">against {formats.byUnit(group.outside.value, unit)} of all others</span></p>
        <Range value={value} low={low ?? value} high={high ?? value} from={from} to={to} tone="accent" />
        <p className="ft-small"><Badge tone="accent">{group.direction}</Badge> {formats.change(value, unit, true)}{low !== null && high !== null && <span className="ft-muted">, {formats.share(level, 1)} interval {formats.changeInterval(low, high, unit)}</span>}</p>
      </div>
      <Button component={Link} to="/segments/new" search={{ condition: asLine(group.condition as Json), about: `${group.direction === "higher" ? "Higher" : "Lower"}: ${target.words}` } as never} variant="default">Keep as segment</Button>
    </article>
  );
}
