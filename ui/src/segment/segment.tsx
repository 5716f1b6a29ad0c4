import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { Card, Page, Pairs, Strip } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { personColumns, useSorting } from "@/profile/people";

type Body = Schemas["SegmentBody"];

export function SegmentPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.segment(key));
  return (
    <Page title={query.data?.title ?? "Segment"} crumb={<Link to="/segments">Segments</Link>} purpose={query.data?.description}>
      <Loaded query={query} rows={6}>{(segment) => <Content segment={segment} />}</Loaded>
    </Page>
  );
}

function Content({ segment }: { segment: Body }) {
  const formats = useFormats();
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
          <Card title="In plain English"><p className="ft-body ft-verdict">{segment.says}</p></Card>
          <Members segment={segment} />
        </div>
        <div className="ft-stack ft-c4">
          <Card title="Overlap" side={`share of these ${formats.count(segment.members)}`}>
            <div className="ft-body">
              {segment.overlaps.length === 0 && <p className="ft-muted">No other segment holds any of them.</p>}
              {segment.overlaps.map((one) => (
                <BarRow key={one.key} share={one.both / (segment.members || 1)} label={<Link to="/segments/$key" params={{ key: one.key }}>{one.title}</Link>} value={<>{formats.share(one.both / (segment.members || 1), 1)}</>} />
              ))}
            </div>
          </Card>
          <Card title="Kept by">
            <div className="ft-body"><Pairs rows={[["Owner", segment.owner ?? "nobody named"], ["Next review", segment.review ? formats.day(segment.review) : "no date set"], ["Counts", segment.of === "known" ? "known people" : "everyone"]]} /></div>
          </Card>
          <Card title="As written"><pre className="ft-pre" tabIndex={0}>{JSON.stringify(segment.condition, null, 2)}</pre></Card>
        </div>
      </div>
    </>
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
