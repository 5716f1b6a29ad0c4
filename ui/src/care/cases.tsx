import { Select, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChecklist } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { CaseRow } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { personName } from "@/components/person-name";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { CaseBadges } from "./case-badges";
import { CasePanel } from "./case-panel";
import { TakeNext } from "./take-next";

const STATES = [["unclosed", "Not closed"], ["open", "Open"], ["in_progress", "In progress"], ["waiting", "Waiting"], ["closed", "Closed"], ["all", "All"]].map(([value, label]) => ({ value: value ?? "", label: label ?? "" }));

export function CasesPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const state = address.state ?? "unclosed";
  const query = useQuery(queries.cases({ state, owner: address.owner, page }));
  const columns = useColumns(Boolean(id));
  const close = () => void navigate({ to: "/cases", search: (before: unknown) => before } as never);
  return (
    <Page title="Tasks" purpose="What must be done for whom, and by when?" actions={<TakeNext owner={address.owner} />}>
      <div className="ft-filters">
        <Select className="ft-field" aria-label="State" allowDeselect={false} data={STATES} value={state} onChange={(value) => setAddress({ state: value === "unclosed" ? undefined : (value ?? undefined), page: undefined })} w={170} />
        <TextInput className="ft-field" aria-label="Owner" placeholder="Any owner" defaultValue={address.owner ?? ""} onBlur={(event) => setAddress({ owner: event.currentTarget.value.trim() || undefined, page: undefined }, true)} onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()} w={170} />
        <span className="grow" />
        <span className="ft-muted" aria-live="polite">{query.data && `${formats.plural(query.data.total, "case", "cases")}, due first at the top`}</span>
      </div>
      <div className="ft-panelgrid" data-open={Boolean(id)}>
        <Loaded query={query} rows={10}>
          {(cases) => (
            <div className="ft-card">
              {cases.rows.length === 0 ? (
                <Empty icon={IconChecklist} title={address.owner || state !== "unclosed" ? "No case matches" : "All done"} action={(address.owner || state !== "unclosed") && <button type="button" className="ft-link" onClick={() => setAddress({ state: undefined, owner: undefined })}>Show all that are not closed</button>}>
                  {address.owner || state !== "unclosed" ? "No case has this state and owner." : "No case waits. Journeys open cases where a person should call or look."}
                </Empty>
              ) : (
                <>
                  <Table label="Cases" columns={columns} rows={cases.rows} rowKey={(row) => row.case_id} chosen={id} />
                  <Pager page={page} total={cases.total} what="cases" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
                </>
              )}
            </div>
          )}
        </Loaded>
        {id && <CasePanel key={id} id={id} onClose={close} />}
      </div>
    </Page>
  );
}

function useColumns(narrow: boolean): Column<CaseRow>[] {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const all: Column<CaseRow>[] = [
    { name: "title", title: "Case", cell: (row) => <><Link to="/cases/$id" params={{ id: row.case_id }} search={((before: unknown) => before) as never}>{row.title}</Link>{(narrow || phone) && <span className="two"><bdi>{personName({ ...row, name: row.person })}</bdi></span>}</> },
    { name: "person", title: "Person", cell: (row) => <PersonLink id={row.profile_id} name={row.person} /> },
    { name: "value", title: "Expected value", number: true, cell: (row) => formats.money(row.value_at_risk) },
    { name: "state", title: "State", cell: (row) => <span className="ft-chips"><CaseBadges row={row} /></span> },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">nobody yet</span> },
    { name: "due", title: "Due", number: true, key: true, cell: (row) => <span className={row.late ? "ft-bad" : undefined}>{formats.due(row.due_at)}</span> },
  ];
  return narrow ? all.filter((column) => !["person", "value"].includes(column.name)) : all;
}
