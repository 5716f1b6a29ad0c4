import { IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { MessageRow, Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { sinceOf } from "@/components/period";
import { personName } from "@/components/person-name";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { GivenUp } from "./given-up";
import { InDoubt } from "./in-doubt";
import { chosenIn, FILTERS, LedgerFilters } from "./ledger-filters";
import { MessagePanel } from "./message-panel";
import { MessageBadge } from "./message-badge";
import { decisionWord, messageName } from "./message-words";
import { Tabs } from "./tabs";

export function LedgerPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const chosen = chosenIn(address);
  const view = VIEWS.includes(address.view as View) ? (address.view as View) : "ledger";
  const query = useQuery(queries.messages({ ...chosen, since: sinceOf(chosen.since, formats.setting.now), page: view === "ledger" ? page : 1 }));
  const turn = (next: number) => setAddress({ page: next === 1 ? undefined : next });
  const named = (title: string, count?: number) => (count ? `${title} (${formats.count(count)})` : title);
  const tabs: [View, string][] = [["ledger", "Ledger"], ["doubt", named("In doubt", query.data?.in_doubt)], ["given_up", named("Given up", query.data?.given_up)]];
  const filtered = Object.keys(chosen).length > 0;
  const clear = () => setAddress({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), page: undefined });
  const close = () => void navigate({ to: "/messages", search: (before: unknown) => before } as never);
  return (
    <Page title="Messages" purpose="Did it go out, and if not, why?">
      <Sandboxes rows={query.data?.sandboxes ?? []} />
      <Tabs label="Messages" tabs={tabs} chosen={view} onChoose={(next) => setAddress({ view: next === "ledger" ? undefined : next, page: undefined })} />
      {view === "ledger" && <LedgerFilters chosen={chosen} person={query.data?.rows[0]?.person} total={query.data?.total} onChange={setAddress} />}
      <div className="ft-panelgrid" data-open={Boolean(id)}>
        {view === "doubt" && <InDoubt page={page} chosen={id} onPage={turn} />}
        {view === "given_up" && <GivenUp page={page} chosen={id} onPage={turn} />}
        {view === "ledger" && <Loaded query={query} rows={12}>
          {(ledger) => (
            <div className="ft-card">
              {ledger.rows.length === 0 ? (
                <Empty icon={IconSend} title={filtered ? "No message matches" : "Nothing asked for yet"} action={filtered ? <button type="button" className="ft-link" onClick={clear}>Clear filters</button> : <Link to="/journeys">Look at the journeys</Link>}>
                  {filtered ? "No message has all of what is chosen above." : "Messages appear here as soon as a journey decides about one, with the reason where it was not sent."}
                </Empty>
              ) : (
                <>
                  <Ledger rows={ledger.rows} chosen={id} />
                  <Pager page={page} total={ledger.total} what="messages" onPage={turn} />
                </>
              )}
            </div>
          )}
        </Loaded>}
        {id && <MessagePanel key={id} id={id} onClose={close} />}
      </div>
    </Page>
  );
}

const VIEWS = ["ledger", "doubt", "given_up"] as const;
type View = (typeof VIEWS)[number];

function Sandboxes({ rows }: { rows: Schemas["Sandbox"][] }) {
  const formats = useFormats();
  return rows.map((one) => (
    <p key={one.channel ?? "*"} className="ft-note" data-tone="warn" role="status">
      {one.channel ? `${words(one.channel)} is in the sandbox` : "Sending is in the sandbox"}: {one.addresses ? `only ${formats.plural(one.addresses, "listed address gets", "listed addresses get")} messages` : "nobody gets messages"}. Everything is decided and recorded as ever.
    </p>
  ));
}

function Ledger({ rows, chosen }: { rows: MessageRow[]; chosen?: string }) {
  const formats = useFormats();
  const all: Column<MessageRow>[] = [
    { name: "message", title: "Message", cell: (row) => <><Link to="/messages/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}>{messageName(row)}</Link><span className="two" data-spare={!chosen}>{formats.due(row.at)} · {words(row.medium)} · <bdi>{nameOf(row)}</bdi>{row.decision === "send" ? "" : ` · ${words(row.reason)}`}</span></> },
    { name: "at", title: "Due", cell: (row) => <span className="ft-muted">{formats.due(row.at)}</span> },
    { name: "person", title: "Person", cell: (row) => (row.profile_id ? <PersonLink id={row.profile_id} name={row.person} /> : "–") },
    { name: "channel", title: "Channel", cell: (row) => words(row.medium) },
    { name: "journey", title: "Journey and step", cell: (row) => (row.journey ? <span className="ft-muted">{words(row.journey)}{row.step ? `, ${row.step.replaceAll("_", " ")}` : ""}</span> : "–") },
    { name: "decision", title: "Decision", cell: (row) => <span className="ft-decided"><span>{decisionWord(row.decision)}</span>{row.decision !== "send" && <span className="ft-muted">{words(row.reason)}</span>}</span> },
    { name: "state", title: "State", key: true, cell: (row) => <><MessageBadge row={row} />{row.error && <span className="ft-muted ft-small"> {row.error}</span>}</> },
  ];
  const columns = chosen ? all.filter((column) => ["message", "person", "state"].includes(column.name)) : all;
  return <Table label="Messages" columns={columns} rows={rows} rowKey={(row) => row.message_id} chosen={chosen} />;
}

const nameOf = (row: MessageRow) => row.person ?? (row.profile_id ? personName({ profile_id: row.profile_id }) : "nobody");
