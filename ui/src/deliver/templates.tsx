import { Button } from "@mantine/core";
import { IconMailCode } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";

type Row = Schemas["TemplateRow"];
const AS: Record<Row["media"][number], string> = { email: "mail", sms: "text message", push: "push", alert: "alert" };

/** What messages say: who sends each, in which languages, and what is doubtful about it. */
export function TemplatesPage() {
  const query = useQuery(queries.templates());
  return (
    <Page title="Templates" purpose="What do our messages say, and who sends them?" actions={<Button component={Link} to="/templates/new">New template</Button>}>
      <Loaded query={query} rows={6}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0
              ? <Empty icon={IconMailCode} title="No templates yet">A template is what a message says, in words that fill themselves in for each person. Write the first one, and look at it as a real person would.</Empty>
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
    { name: "template", title: "Template", cell: (row) => <><Link to="/templates/$key" params={{ key: row.key }}>{row.title ?? row.key}</Link><span className="two">{row.description ?? row.key}</span></> },
    { name: "media", title: "As", cell: (row) => row.media.map((medium) => AS[medium]).join(", ") },
    { name: "languages", title: "Languages", cell: (row) => (row.languages.length > 0 ? row.languages.join(", ") : "–") },
    { name: "used", title: "Sent by", cell: (row) => <Senders row={row} /> },
    { name: "sent", title: "Sent", number: true, cell: (row) => formats.count(row.sent) },
    { name: "last", title: "Last sent", cell: (row) => <span className="ft-muted">{row.last_sent_at ? formats.ago(row.last_sent_at) : "never"}</span> },
    { name: "kept", title: "Kept", cell: (row) => <span className="ft-muted">{row.kept_by === "app" ? "here" : "in files"}</span> },
    { name: "state", title: "State", key: true, cell: (row) => (row.doubts > 0 ? <Badge tone="warn">{formats.count(row.doubts)} to look at</Badge> : <Badge tone="good">In order</Badge>) },
  ];
  return <Table label="Templates" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

function Senders({ row }: { row: Row }) {
  if (row.used_by.length === 0) return <span className="ft-muted">nobody</span>;
  return (
    <>
      {row.used_by.map((use, place) => {
        const journey = use.name.startsWith("journey ") ? use.name.slice("journey ".length) : undefined;
        return <span key={use.name}>{place > 0 && ", "}{journey ? <Link to="/journeys/$key" params={{ key: journey }}>{journey}</Link> : use.name}</span>;
      })}
    </>
  );
}
