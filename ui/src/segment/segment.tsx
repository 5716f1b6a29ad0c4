import { Button } from "@mantine/core";
import { IconCopy, IconGitBranch, IconPencil, IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { remove } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { Confirm } from "@/components/confirm";
import { Badge, Card, Page, Pairs, Strip } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { ConditionBuilder } from "@/condition/builder";
import { useEdited } from "@/condition/history";
import { usePreview } from "@/condition/preview";
import { useVocabulary } from "@/condition/use-vocabulary";
import type { Json } from "@/condition/written";
import { toYaml } from "@/condition/yaml";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { personColumns, useSorting } from "@/profile/people";
import { Differ } from "./differ";
import { History } from "./history";
import { Review } from "./review";
import "./segment.css";
import { kindOfUse, placeOfUse, usedIn } from "./uses";

type Body = Schemas["SegmentBody"];
const TABS = [["members", "Members"], ["condition", "Condition"], ["history", "History"], ["review", "Review"], ["yaml", "YAML"]] as const;

export function SegmentPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.segment(key));
  return (
    <Page title={query.data?.title ?? "Segment"} crumb={<Link to="/segments">Segments</Link>} purpose={query.data?.description} badges={query.data && <Badges segment={query.data} />} actions={query.data && <Actions segment={query.data} />}>
      <Loaded query={query} rows={6}>{(segment) => <Content segment={segment} />}</Loaded>
    </Page>
  );
}

function Badges({ segment }: { segment: Body }) {
  const keeping = useQuery(queries.segmentKeeping(segment.key)).data;
  return (
    <>
      {keeping && <Badge tone={keeping.at_once ? "good" : undefined}>{keeping.at_once ? "Kept fresh" : keeping.every ? `Refreshed every ${spanOf(keeping.every).replace(/^1 /, "")}` : "Does not change"}</Badge>}
      {segment.kept_by === "files" && <Badge><IconGitBranch size={12} stroke={1.7} aria-hidden />Kept in git</Badge>}
    </>
  );
}

function Actions({ segment }: { segment: Body }) {
  const mine = segment.kept_by === "app";
  const [removing, setRemoving] = useState(false);
  return (
    <>
      {mine && <Button variant="default" onClick={() => setRemoving(true)}>Remove</Button>}
      <Button variant={mine ? "default" : "filled"} component={Link} to="/segments/new" search={{ copy: segment.key } as never} leftSection={<IconCopy size={15} stroke={1.7} aria-hidden />}>Copy as new</Button>
      {mine && <Button component={Link} to={`/segments/${encodeURIComponent(segment.key)}/edit`} leftSection={<IconPencil size={15} stroke={1.7} aria-hidden />}>Edit segment</Button>}
      {removing && <Remove segment={segment} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Remove({ segment, onClose }: { segment: Body; onClose: () => void }) {
  const formats = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const uses = useQuery(queries.segmentUses(segment.key)).data?.rows;
  const removing = useMutation({
    mutationFn: () => remove(`segments/${encodeURIComponent(segment.key)}`, { revision: segment.revision }),
    onSuccess: async () => {
      say(`“${segment.title}” is removed.`);
      await navigate({ to: "/segments" });
      client.removeQueries({ queryKey: [`segments/${encodeURIComponent(segment.key)}`] });
      void client.invalidateQueries();
    },
  });
  return (
    <Confirm
      opened title={`Remove “${segment.title}”?`} consequences={[["In it now", formats.people(segment.members)], ["Used in", uses ? usedIn(uses) : "…"], ["Its reviews and past", "stay written down"]]}
      undo="Nobody is written to because of it, and no data are lost. Build it again to have it back." verb="Remove the segment" keep="Keep it" busy={removing.isPending} error={removing.error ?? undefined} onConfirm={() => removing.mutate()} onClose={onClose}
    />
  );
}

function Content({ segment }: { segment: Body }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const tab = TABS.find(([key]) => key === address.tab)?.[0] ?? "members";
  return (
    <>
      <Strip
        facts={[
          { label: "In it now", value: formats.count(segment.members), note: `exact · ${formats.instant(segment.as_of)}` },
          { label: "Share", value: formats.share(segment.share), note: segment.of === "known" ? "of known people" : "of everyone" },
          { label: "Spent so far", value: formats.money(segment.revenue), note: "less refunds" },
          { label: "Mean churn", value: formats.probability(segment.churn), note: segment.churn === null ? "none of them scored" : "of those scored" },
          { label: "Mean expected value", value: formats.money(segment.clv), note: segment.clv === null ? "none of them scored" : "of those scored" },
        ]}
      />
      <div className="ft-grid">
        <div className="ft-stack ft-c8">
          <Card title="In plain English"><p className="ft-body ft-says">{segment.says}</p></Card>
          <Tabs label="Segment" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === "members" ? undefined : next, page: undefined })} />
          {tab === "members" && <Members segment={segment} />}
          {tab === "condition" && <Condition key={segment.key} segment={segment} />}
          {tab === "history" && <History segment={segment.key} />}
          {tab === "review" && <Review segment={segment.key} />}
          {tab === "yaml" && <Card title="As written" side={segment.file}><pre className="ft-pre" tabIndex={0} aria-label="Condition as YAML">{toYaml(segment.condition as Json)}</pre></Card>}
        </div>
        <div className="ft-stack ft-c4">
          <Differ segment={segment.key} />
          <OverlapCard segment={segment} />
          <UsedIn segment={segment} />
        </div>
      </div>
    </>
  );
}

/** The condition as rows, with what each holds now. */
function Condition({ segment }: { segment: Body }) {
  const edited = useEdited(segment.condition as Json);
  const preview = usePreview(edited.value, segment.of);
  return <ConditionBuilder readOnly edited={edited} vocabulary={useVocabulary()} told={preview.told} />;
}

function OverlapCard({ segment }: { segment: Body }) {
  const formats = useFormats();
  return (
    <Card title="Overlap" side={`share of these ${formats.count(segment.members)}`}>
      <div className="ft-body">
        {segment.overlaps.length === 0 && <p className="ft-muted">No other segment holds any of them.</p>}
        {segment.overlaps.map((one) => (
          <BarRow key={one.key} share={one.both / (segment.members || 1)} label={<Link to="/segments/$key" params={{ key: one.key }}>{one.title}</Link>} value={<>{formats.share(one.both / (segment.members || 1), 1)}</>} />
        ))}
      </div>
    </Card>
  );
}

function UsedIn({ segment }: { segment: Body }) {
  const formats = useFormats();
  const query = useQuery(queries.segmentUses(segment.key));
  const due = useQuery(queries.segmentReviews(segment.key)).data?.due;
  const keeping = useQuery(queries.segmentKeeping(segment.key)).data;
  const [came, went] = [keeping?.days.reduce((sum, day) => sum + day.entered, 0) ?? 0, keeping?.days.reduce((sum, day) => sum + day.exited, 0) ?? 0];
  return (
    <Card title="Use and upkeep">
      <div className="ft-body" style={{ display: "grid", gap: 10 }}>
        <Loaded query={query} rows={2}>
          {({ rows }) => (rows.length === 0 ? <p className="ft-note">Used in nothing yet.</p> : (
            <ul>{rows.map((use) => <li key={`${use.kind} ${use.key}`} className="ft-line"><span>{placeOfUse(use) ? <Link to={placeOfUse(use)}>{use.title}</Link> : use.title}</span><span className="ft-muted ft-small" style={{ flex: "none" }}>{kindOfUse(use)}</span></li>)}</ul>
          ))}
        </Loaded>
        {keeping?.kept_until && <p className="ft-note">In the last 30 days {formats.people(came)} came and {formats.count(went)} left. Kept up to {formats.instant(keeping.kept_until)}.</p>}
        <Pairs rows={[["Fresh", keeping?.fresh ?? "…"], ["Owner", segment.owner ?? "nobody named"], ["Next review", due?.due ? formats.day(due.due) : segment.review ? formats.day(segment.review) : "no date set"], ["Counts", segment.of === "known" ? "known people" : "everyone"], ["Kept", segment.kept_by === "app" ? "here, in the app" : segment.file]]} />
      </div>
    </Card>
  );
}

function Members({ segment }: { segment: Body }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const sorting = useSorting();
  const page = pageOf(address);
  const query = useQuery(queries.members(segment.key, { page, sort: sorting.by, order: sorting.order }));
  return (
    <Loaded query={query} rows={8}>
      {(members) => (
        <Card title="Members" side={formats.people(members.total)} line>
          {members.rows.length === 0 ? <Empty icon={IconUsers} title="Nobody is in it now">The condition is kept fresh: people appear here as soon as they match.</Empty> : (
            <>
              <Table label="Members" columns={personColumns(formats, new Map()).filter((column) => !["segments", "interval", "orders"].includes(column.name))} rows={members.rows} rowKey={(row) => row.profile_id} sorting={sorting} />
              <Pager page={page} total={members.total} what="people" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
            </>
          )}
        </Card>
      )}
    </Loaded>
  );
}
