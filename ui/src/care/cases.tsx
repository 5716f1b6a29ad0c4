import { Checkbox, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChecklist } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { CaseRow } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { personName } from "@/components/person-name";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { measureName } from "@/listen/score-words";
import { Board } from "./board";
import { Bulk } from "./bulk";
import "./care.css";
import { CaseBadges } from "./case-badges";
import { CaseFilterBar, filtersOf, FILTERS, isFiltered } from "./case-filters";
import { CasePanel } from "./case-panel";
import { DeskNote } from "./case-ticket";
import { CasesLoop } from "./loop-strip";
import { TakeNext } from "./take-next";

const VIEWS = [{ value: "list", label: "List" }, { value: "board", label: "Board" }];

export function CasesPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const board = address.view === "board";
  const close = () => void navigate({ to: "/cases", search: (before: unknown) => before } as never);
  return (
    <Page title="Tasks" purpose="What must be done for whom, and by when?" actions={<TakeNext owner={address.owner} />}>
      <div className="ft-filters">
        <SegmentedControl aria-label="Show as" size="xs" data={VIEWS} value={board ? "board" : "list"} onChange={(view) => setAddress({ view: view === "board" ? view : undefined, page: undefined })} />
        <CaseFilterBar board={board} money={(value) => formats.money(value)} />
      </div>
      <CasesLoop />
      <DeskNote />
      <div className="ft-panelgrid" data-open={Boolean(id)}>
        {board ? <Board filters={filtersOf(address)} sort={address.sort} chosen={id} /> : <List id={id} />}
        {id && <CasePanel key={id} id={id} onClose={close} />}
      </div>
    </Page>
  );
}

function List({ id }: { id?: string }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const page = pageOf(address);
  const query = useQuery(queries.cases({ state: address.state ?? "unclosed", ...filtersOf(address), sort: address.sort, page }));
  const columns = useColumns(Boolean(id), Boolean(query.data?.rows.some((row) => row.survey)), chosen, setChosen);
  const filtered = isFiltered(address);
  const clear = () => setAddress({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), page: undefined });
  return (
    <Loaded query={query} rows={10}>
      {(cases) => (
        <div className="ft-card">
          {chosen.length > 0 && <Bulk chosen={chosen} onDone={() => setChosen([])} />}
          {cases.rows.length === 0 ? (
            <Empty icon={IconChecklist} title={filtered ? "No case matches" : "All done"} action={filtered && <button type="button" className="ft-link" onClick={clear}>Show all that are not closed</button>}>
              {filtered ? "No case fits these filters." : "No case waits. Journeys open cases where a person should call or look."}
            </Empty>
          ) : (
            <>
              <Table label="Cases" columns={columns} rows={cases.rows} rowKey={(row) => row.case_id} chosen={id} />
              <Pager page={page} total={cases.total} what="cases" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
            </>
          )}
          <p className="ft-sr" aria-live="polite">{formats.plural(cases.total, "case", "cases")}</p>
        </div>
      )}
    </Loaded>
  );
}

function useColumns(narrow: boolean, answered: boolean, chosen: readonly string[], setChosen: (chosen: readonly string[]) => void): Column<CaseRow>[] {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const toggle = (row: CaseRow) => setChosen(chosen.includes(row.case_id) ? chosen.filter((one) => one !== row.case_id) : [...chosen, row.case_id]);
  const all: Column<CaseRow>[] = [
    { name: "title", title: "Case", cell: (row) => <><Link to="/cases/$id" params={{ id: row.case_id }} search={((before: unknown) => before) as never}>{row.title}</Link>{(narrow || phone) && <span className="two"><bdi>{personName({ ...row, name: row.person })}</bdi></span>}</> },
    ...(answered ? [{ name: "score", title: "Answer", number: true, cell: (row: CaseRow) => row.survey === null ? <span className="ft-muted">–</span> : <>{row.score === null ? "no score" : formats.number(row.score, 1)}<span className="two">{measureName(row.survey)}</span></> }] : []),
    { name: "person", title: "Person", cell: (row) => <PersonLink id={row.profile_id} name={row.person} /> },
    { name: "value", title: "Value at risk", number: true, cell: (row) => formats.money(row.value_at_risk) },
    { name: "state", title: "State", cell: (row) => <span className="ft-chips"><CaseBadges row={row} /></span> },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-muted">{row.team ? `${row.team}, nobody yet` : "nobody yet"}</span> },
    { name: "due", title: "Due", number: true, key: true, cell: (row) => <span className={row.late ? "ft-bad" : undefined}>{formats.due(row.due_at)}</span> },
    { name: "choose", title: "Choose", width: 70, cell: (row) => <Checkbox aria-label={`Choose ${row.title}`} checked={chosen.includes(row.case_id)} onChange={() => toggle(row)} /> },
  ];
  return narrow ? all.filter((column) => !["person", "score", "value", "choose"].includes(column.name)) : all;
}
