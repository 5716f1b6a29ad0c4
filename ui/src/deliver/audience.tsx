import { Button } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Badge, Card, Page, Pairs, Strip } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Empty, Failed, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { AudienceChart } from "./audience-chart";
import { MATCHES, matchOf, ORDER, reachOf, STATES, type AudienceState } from "./audience-words";
import { AudienceBadge, Sources } from "./audiences";
import "./audience.css";

type Body = Schemas["Audience"];
type Member = Schemas["AudienceMember"];

/** One audience: what the platform has of it, who came and went, each person's state. */
export function AudiencePage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.audience(key));
  const client = useQueryClient();
  const checking = useMutation({
    mutationFn: () => post<Schemas["AudienceCheck"]>(`audiences/${encodeURIComponent(key)}/check`),
    onSuccess: () => void client.invalidateQueries({ queryKey: [`audiences/${encodeURIComponent(key)}`] }),
  });
  const found = query.data;
  return (
    <Page
      title={found?.title ?? key} crumb={<Link to="/audiences">Audiences</Link>} badges={found && <><AudienceBadge row={found} />{found.kept_by === "files" && <Badge>Kept in files</Badge>}</>}
      purpose={found?.description ?? "Who is in it, and what does the platform have of it?"}
      actions={found && <>
        <Button variant="default" loading={checking.isPending} onClick={() => checking.mutate()}>Check the platform</Button>
        {found.kept_by === "app" && <Button component={Link} to={`/audiences/${encodeURIComponent(key)}/edit`}>Edit</Button>}
      </>}
    >
      {checking.isError && <Failed error={checking.error} />}
      {checking.data && <Checked steps={checking.data.steps} />}
      <Loaded query={query} rows={8}>{(audience) => <Shown audience={audience} />}</Loaded>
    </Page>
  );
}

function Checked({ steps }: { steps: Schemas["Checked"][] }) {
  return (
    <Card title="The way to the platform" line>
      <ul className="ft-body ft-audiencesteps" aria-live="polite">
        {steps.map((step) => <li key={step.what} className="ft-line"><Badge tone={step.ok ? "good" : "bad"}>{step.ok ? "Fine" : "Wrong"}</Badge><span>{step.said}</span></li>)}
      </ul>
    </Card>
  );
}

function Shown({ audience }: { audience: Body }) {
  const formats = useFormats();
  const taken = audience.states.confirmed ?? 0;
  const [list] = audience.lists;
  return (
    <div className="ft-stack">
      {audience.problems.map((problem) => <p key={problem} className="ft-note" data-tone="bad" role="alert">{problem}</p>)}
      <Strip facts={[
        { label: "People in it", value: formats.count(audience.size), note: `${formats.count(audience.left)} were in and have left` },
        { label: "Taken in there", value: formats.count(taken), note: audience.size ? `${formats.share(taken / audience.size, audience.size)} of those who are in` : undefined },
        { label: "Known there", value: list ? matchOf(list, formats) : "not yet", note: list ? `${formats.instant(list.at)}; ${list.rounding}` : "the platform says so some hours after the first people" },
        { label: "Can be reached", value: list ? reachOf(list, formats) : "not yet", note: list ? `of ${formats.people(list.told)} told` : undefined },
      ]} />
      <div className="ft-grid">
        <div className="ft-stack ft-c8">
          {audience.days.length > 0 && <AudienceChart days={audience.days} />}
          <People audience={audience} />
        </div>
        <div className="ft-stack ft-c4"><Facts audience={audience} /><Lists audience={audience} /><Erased removals={audience.removals} /></div>
      </div>
    </div>
  );
}

function Facts({ audience }: { audience: Body }) {
  return (
    <Card title="How it is kept" line>
      <div className="ft-body ft-audiencefacts"><Pairs left rows={[
        ["Who joins", <Sources key="s" row={audience} />],
        ["Goes to", `${audience.platform ?? (audience.uses || "nothing")}, channel ${audience.channel}`],
        ["Compared by", audience.match.map((name) => MATCHES[name]).join(", ")],
        ["Lists", audience.split ? `one for each ${audience.split}` : (audience.list_id ? `the list ${audience.list_id}` : "one, by the audience's title")],
        ["People stay", audience.segment ? "as long as they are in the segment" : (audience.stays ? spanOf(audience.stays) : "until a journey takes them out")],
      ]} /></div>
    </Card>
  );
}

function Lists({ audience }: { audience: Body }) {
  const formats = useFormats();
  if (audience.lists.length === 0) return null;
  return (
    <Card title="What the platform says" line>
      {audience.lists.map((list) => (
        <div key={list.name} className="ft-body ft-audiencefacts">
          {audience.lists.length > 1 && <h3>{list.name}</h3>}
          <Pairs left rows={[
            ["List", list.list_id || "none yet"], ["State", list.standing || "not told"], ["Known", matchOf(list, formats)], ["Can be reached", reachOf(list, formats)],
            ["People drop out after", list.life_days ? `${formats.plural(list.life_days, "day", "days")} there; they are told again before` : "never"], ["Looked at", formats.instant(list.at)],
          ]} />
          {list.error && <p className="ft-note" data-tone="bad">{list.error}</p>}
        </div>
      ))}
    </Card>
  );
}

function Erased({ removals }: { removals: Schemas["Removals"] }) {
  const formats = useFormats();
  if (removals.waiting + removals.told + removals.acknowledged === 0) return null;
  return (
    <Card title="Erased people" line>
      <div className="ft-body ft-audiencefacts"><Pairs left rows={[
        ["Forgotten there", removals.last_at ? `${formats.people(removals.acknowledged)}, last ${formats.instant(removals.last_at)}` : "nobody yet"],
        ["Told, not done yet", formats.people(removals.told)], ["Waiting", formats.people(removals.waiting)],
      ]} /></div>
    </Card>
  );
}

function People({ audience }: { audience: Body }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const state = ORDER.find((one) => one === address.state);
  const query = useQuery(queries.audienceMembers(audience.key, { state, after: (page - 1) * 50 }));
  const counts: [AudienceState | undefined, string, number][] = [
    [undefined, "Everybody", audience.size + audience.left],
    ...ORDER.map((one): [AudienceState, string, number] => [one, STATES[one].title, one === "left" ? audience.left : (audience.states[one] ?? 0)]),
  ];
  const columns: Column<Member>[] = [
    { name: "person", title: "Person", cell: (row) => <><PersonLink id={row.profile_id} name={row.person} />{row.error && <span className="two">{row.error}</span>}</> },
    { name: "joined", title: "Joined", cell: (row) => <span className="ft-muted">{formats.instant(row.joined_at)}</span> },
    { name: "left", title: "Left", cell: (row) => <span className="ft-muted">{row.left_at ? formats.instant(row.left_at) : "–"}</span> },
    { name: "by", title: "By", cell: (row) => (row.journey ? <Link to="/journeys/$key" params={{ key: row.journey }}>{row.journey}</Link> : "the segment") },
    { name: "state", title: "There", key: true, cell: (row) => <Badge tone={STATES[row.state].tone}>{STATES[row.state].title}</Badge> },
  ];
  return (
    <Card title="Each person" line>
      <div className="ft-audiencestates" role="group" aria-label="Only those who are">
        {counts.filter(([one, , count]) => count > 0 || one === state).map(([one, title, count]) => (
          <button key={title} type="button" aria-pressed={one === state} title={one && STATES[one].says} onClick={() => setAddress({ state: one, page: undefined })}>{title} <span className="ft-muted">{formats.count(count)}</span></button>
        ))}
      </div>
      <Loaded query={query} rows={6}>
        {({ rows, total }) => (rows.length === 0
          ? <Empty icon={IconUsers} title={state ? `Nobody is “${STATES[state].title}”` : "Nobody is in it yet"}>{state ? "Choose Everybody to see all people." : "Who agreed to advertising and is in the segment, or reaches the step of a journey, joins with the next turn."}</Empty>
          : <><Table label="People" columns={columns} rows={rows} rowKey={(row) => row.profile_id} /><Pager page={page} total={total} what="people" onPage={(next) => setAddress({ page: next })} /></>)}
      </Loaded>
    </Card>
  );
}
