import { Button } from "@mantine/core";
import { IconTargetArrow } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { matchOf } from "./audience-words";

type Row = Schemas["AudienceRow"];

/** Lists of people at advertising platforms: who is in, and how many of them the platform knows. */
export function AudiencesPage() {
  const query = useQuery(queries.audiences());
  const add = <Button component={Link} to="/audiences/new">New audience</Button>;
  return (
    <Page title="Audiences" purpose="Who is on which list at the advertising platforms, and does the platform know them?" actions={query.data?.rows.length ? add : undefined}>
      <Loaded query={query} rows={6}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0
              ? <Empty icon={IconTargetArrow} title="No audiences yet" action={add}>An audience keeps a list at Google, Meta or a server of your own in step with a segment or a journey. Only people who agreed to advertising are told of, and only hashed.</Empty>
              : <Rows rows={rows} />}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const formats = useFormats();
  const columns: Column<Row>[] = [
    { name: "audience", title: "Audience", cell: (row) => <><Link to="/audiences/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{row.problems[0] ?? row.description ?? row.platform ?? row.uses}</span></> },
    { name: "source", title: "Who joins", cell: (row) => <Sources row={row} /> },
    { name: "channel", title: "Goes to", cell: (row) => row.platform ?? (row.uses || row.channel) },
    { name: "size", title: "People in it", number: true, cell: (row) => formats.count(row.size) },
    { name: "left", title: "Left", number: true, cell: (row) => formats.count(row.left) },
    { name: "match", title: "Known there", number: true, cell: (row) => <Matched row={row} /> },
    { name: "state", title: "State", key: true, cell: (row) => <AudienceBadge row={row} /> },
  ];
  return <Table label="Audiences" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

/** The segment that is followed, and the journeys that put people in. */
export function Sources({ row }: { row: Row }) {
  if (!row.segment && row.journeys.length === 0) return <span className="ft-muted">nobody</span>;
  return (
    <>
      {row.segment && <Link to="/segments/$key" params={{ key: row.segment }}>{row.segment}</Link>}
      {row.journeys.map((journey, index) => <span key={journey}>{(index > 0 || row.segment) && ", "}<Link to="/journeys/$key" params={{ key: journey }}>{journey}</Link></span>)}
    </>
  );
}

function Matched({ row }: { row: Row }) {
  const formats = useFormats();
  const [list, ...more] = row.lists;
  if (!list) return <span className="ft-muted">not yet</span>;
  return <span title={`${list.rounding}. Looked at ${formats.instant(list.at)}.`}>{more.length > 0 ? `${formats.count(row.lists.length)} lists` : matchOf(list, formats)}</span>;
}

export function AudienceBadge({ row }: { row: Row }) {
  if (row.problems.length > 0) return <Badge tone="bad">Needs a look</Badge>;
  return row.size > 0 ? <Badge tone="good">In step</Badge> : <Badge>Empty</Badge>;
}
