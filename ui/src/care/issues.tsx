import { Button, SegmentedControl } from "@mantine/core";
import { IconBellRinging, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Badge, Card, Page } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Empty, Failed, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import "./care.css";

type Kind = Schemas["IssueKind"];
type Row = Schemas["IssueRow"];

const STATES = [{ value: "open", label: "Open" }, { value: "cleared", label: "Over" }, { value: "lapsed", label: "Lapsed" }, { value: "all", label: "All" }];
const STATE_TONE = { open: "warn", cleared: "good", lapsed: undefined, withdrawn: undefined, merged: undefined } as const;
const STATE_SAID = { open: "Open", cleared: "Over", lapsed: "Lapsed", withdrawn: "Withdrawn", merged: "Merged" } as const;

/** What goes wrong for people before they complain: what is looked for, and whom it was found for. */
export function IssuesPage() {
  const kinds = useQuery(queries.issueKinds());
  return (
    <Page title="Issues" purpose="What goes wrong for people, before they complain?">
      <Loaded query={kinds} rows={4}>
        {({ rows, ready }) => (
          <>
            {rows.length > 0 && <div className="ft-card"><Kinds rows={rows} /></div>}
            {rows.length > 0 && <Found kinds={rows} />}
            {rows.length === 0 && (
              <div className="ft-card">
                <Empty icon={IconBellRinging} title="Nothing is looked for yet">
                  An issue is a condition of a person, such as a parcel that is late. It opens a case or begins a journey, and is told to be over. Begin with one of those below.
                </Empty>
              </div>
            )}
            {ready.length > 0 && <Ready rows={ready} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Kinds({ rows }: { rows: Kind[] }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const columns: Column<Kind>[] = [
    { name: "issue", title: "Issue", cell: (row) => <><button type="button" className="ft-link" onClick={() => setAddress({ issue: row.key, page: undefined })}>{row.title}</button><span className="two">{row.says}</span></> },
    { name: "severity", title: "Severity", cell: (row) => <SeverityBadge severity={row.severity} /> },
    { name: "answers", title: "Answered by", cell: (row) => row.answers ? `case ${words(row.answers).toLowerCase()}` : <span className="ft-muted">journeys</span> },
    { name: "over", title: "Over by itself", number: true, cell: (row) => formats.count(row.cleared) },
    { name: "lapsed", title: "Lapsed", number: true, cell: (row) => formats.count(row.lapsed) },
    { name: "hours", title: "Hours until over", number: true, cell: (row) => row.median_hours === null ? <span className="ft-muted">–</span> : formats.number(row.median_hours, 1) },
    { name: "open", title: "Open now", number: true, key: true, cell: (row) => formats.count(row.open) },
  ];
  return <Table label="What is looked for" columns={columns} rows={rows} rowKey={(row) => row.key} chosen={address.issue} />;
}

function Found({ kinds }: { kinds: Kind[] }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const state = address.state ?? "open";
  const query = useQuery(queries.issues({ state, issue: address.issue, page }));
  const chosen = kinds.find((kind) => kind.key === address.issue);
  return (
    <>
      <div className="ft-filters">
        <SegmentedControl aria-label="State" size="xs" data={STATES} value={state} onChange={(next) => setAddress({ state: next === "open" ? undefined : next, page: undefined })} />
        {chosen && <Button variant="default" size="xs" onClick={() => setAddress({ issue: undefined, page: undefined })}>Only {chosen.title.toLowerCase()} ×</Button>}
      </div>
      <Loaded query={query} rows={6}>
        {(found) => (
          <div className="ft-card">
            {found.rows.length === 0
              ? <Empty icon={IconBellRinging} title={state === "open" ? "Nothing goes wrong" : "No issue of this kind"}>{state === "open" ? "Nobody has an issue as of the last look." : "Choose another state, or all of them."}</Empty>
              : <><Rows rows={found.rows} /><Pager page={page} total={found.total} what="issues" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} /></>}
            <p className="ft-sr" aria-live="polite">{formats.plural(found.total, "issue", "issues")}</p>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const formats = useFormats();
  const columns: Column<Row>[] = [
    { name: "issue", title: "Issue", cell: (row) => row.title },
    { name: "person", title: "Person", cell: (row) => <PersonLink id={row.profile_id} name={row.person} /> },
    { name: "severity", title: "Severity", cell: (row) => <SeverityBadge severity={row.severity} /> },
    { name: "case", title: "Case", cell: (row) => <CaseOf row={row} /> },
    { name: "state", title: "State", cell: (row) => <Badge tone={STATE_TONE[row.state]}>{STATE_SAID[row.state]}</Badge> },
    { name: "ended", title: "Over since", number: true, cell: (row) => row.ended_at ? formats.instant(row.ended_at) : <span className="ft-muted">–</span> },
    { name: "detected", title: "Detected", number: true, key: true, cell: (row) => formats.instant(row.detected_at) },
  ];
  return <Table label="Issues" columns={columns} rows={rows} rowKey={(row) => row.issue_id} />;
}

function CaseOf({ row }: { row: Row }) {
  if (row.case_id) return <Link to="/cases/$id" params={{ id: row.case_id }}>Open the case</Link>;
  return <span className="ft-muted">{row.arm === "held_out" ? "held out" : "none"}</span>;
}

function SeverityBadge({ severity }: { severity: Kind["severity"] }) {
  return <Badge tone={severity === "urgent" ? "bad" : severity === "high" ? "warn" : undefined}>{words(severity)}</Badge>;
}

function Ready({ rows }: { rows: Schemas["ReadyRow"][] }) {
  const client = useQueryClient();
  const say = useToast();
  const begin = useMutation({
    mutationFn: (key: string) => post<Schemas["SavedDocument"]>(`issues/ready/${encodeURIComponent(key)}`, {}),
    onSuccess: () => {
      for (const name of ["issues", "issues/kinds"]) void client.invalidateQueries({ queryKey: [name] });
      say("It is looked for from the next look on.");
    },
  });
  return (
    <Card title="To begin with">
      {begin.isError && <Failed error={begin.error} />}
      <ul className="ft-readies">
        {rows.map((row) => (
          <li key={row.key}>
            <span><strong>{row.title}</strong><span className="two">{row.description}</span></span>
            <Button variant="default" size="xs" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} loading={begin.isPending && begin.variables === row.key} onClick={() => begin.mutate(row.key)}>Look for it</Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
