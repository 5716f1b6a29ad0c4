import { Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { queries } from "@/api/queries";
import type { PersonRow } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { personName } from "@/components/person-name";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column, type Sorting } from "@/components/table";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";

export function PeoplePage() {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const [text, setText] = useState(address.q ?? "");
  const [settled] = useDebouncedValue(text, 220);
  useEffect(() => {
    if (settled !== (address.q ?? "")) setAddress({ q: settled, page: undefined }, true);
    // Only what is typed moves the address, not the other way round.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled]);
  const sorting = useSorting();
  const known = address.known ?? "true";
  const page = pageOf(address);
  const query = useQuery(queries.people({ q: address.q, segment: address.segment, sort: sorting.by, order: sorting.order, page, known: known === "all" ? undefined : known }));
  const segments = useQuery(queries.segments());
  const titles = new Map(segments.data?.rows.map((row) => [row.key, row.title]));
  const filtered = Boolean(address.q || address.segment || known !== "true");
  const clear = () => { setText(""); setAddress({ q: undefined, segment: undefined, known: undefined, page: undefined }); };
  return (
    <Page title="People" purpose="Who is here, how likely are they to leave, and what are they worth?">
      <div className="ft-filters">
        <TextInput className="ft-field" aria-label="Search people" placeholder="Name, e-mail, id" leftSection={<IconSearch size={16} stroke={1.7} />} value={text} onChange={(event) => setText(event.currentTarget.value)} w={260} />
        <Select className="ft-field" aria-label="Segment" placeholder="Any segment" clearable searchable data={(segments.data?.rows ?? []).map((row) => ({ value: row.key, label: row.title }))} value={address.segment ?? null} onChange={(value) => setAddress({ segment: value ?? undefined, page: undefined })} w={210} />
        <Select className="ft-field" aria-label="Known or not" allowDeselect={false} data={[{ value: "true", label: "Known people" }, { value: "false", label: "Visitors without a name" }, { value: "all", label: "Everyone" }]} value={known} onChange={(value) => setAddress({ known: value === "true" ? undefined : (value ?? undefined), page: undefined })} w={200} />
        {filtered && <button type="button" className="ft-link" onClick={clear}>Clear filters</button>}
        <span className="grow" />
        <span className="ft-muted" aria-live="polite">{query.data && formats.people(query.data.total)}</span>
      </div>
      <Loaded query={query} rows={14}>
        {(people) => (
          <div className="ft-card">
            {people.rows.length === 0 ? (
              filtered ? (
                <Empty icon={IconUsers} title="Nobody matches" action={<button type="button" className="ft-link" onClick={clear}>Clear filters</button>}>
                  {address.q ? `Nobody's name or identifier begins with “${address.q}”` : "Nobody is in this filter"}{address.segment ? ` in ${titles.get(address.segment) ?? address.segment}` : ""}.
                </Empty>
              ) : (
                <Empty icon={IconUsers} title="Nobody yet">Import a file with <code>foretell import</code> or send the first event.</Empty>
              )
            ) : (
              <>
                <Table label="People" columns={personColumns(formats, titles)} rows={people.rows} rowKey={(row) => row.profile_id} sorting={sorting} />
                <Pager page={page} total={people.total} what="people" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
              </>
            )}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

/** The order of a list of people, kept in the address. */
export function useSorting(): Sorting {
  const [address, setAddress] = useAddress();
  const by = address.sort ?? "last_seen";
  const order = address.order === "asc" ? "asc" : "desc";
  return {
    by,
    order,
    onSort: (next) => setAddress({ sort: next, order: next === by && order === "desc" ? "asc" : next === "name" && next !== by ? "asc" : "desc", page: undefined }),
  };
}

export function personColumns(formats: Formats, titles: Map<string, string>): Column<PersonRow>[] {
  return [
    { name: "name", title: "Person", sort: "name", cell: (row) => <><PersonLink id={row.profile_id} name={personName(row)} />{row.name && row.email && <span className="two"><bdi>{row.email}</bdi></span>}</> },
    { name: "churn", title: "Churn", number: true, key: true, sort: "churn", cell: (row) => (row.churn ? <b>{formats.probability(row.churn.score)}</b> : "–") },
    { name: "interval", title: "Interval", number: true, cell: (row) => <span className="ft-muted">{row.churn ? formats.probabilityInterval(row.churn.low, row.churn.high) : "–"}</span> },
    { name: "clv", title: "Expected value", number: true, sort: "clv", cell: (row) => (row.clv ? formats.money(row.clv.score) : "–") },
    { name: "revenue", title: "Spent so far", number: true, sort: "revenue", cell: (row) => (row.orders ? formats.money(row.revenue) : "–") },
    { name: "orders", title: "Orders", number: true, cell: (row) => formats.count(row.orders) },
    { name: "last_order", title: "Last order", number: true, cell: (row) => formats.day(row.last_order) },
    { name: "last_seen", title: "Last seen", number: true, sort: "last_seen", cell: (row) => formats.ago(row.last_seen) },
    { name: "segments", title: "Segments", cell: (row) => <span className="ft-muted">{row.segments.slice(0, 2).map((key) => titles.get(key) ?? key).join(", ")}{row.segments.length > 2 ? ` +${row.segments.length - 2}` : ""}{row.segments.length === 0 ? "–" : ""}</span> },
  ];
}
