import { Select } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { MessageRow } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { MessagePanel } from "./message-panel";
import { stateTone } from "./state-tone";

const STATES = ["queued", "sending", "sent", "delivered", "bounced", "failed", "cancelled", "uncertain"];
const MEDIA = ["email", "sms", "push", "ads"];

export const messageName = (row: { template: string | null; step: string | null; medium: string }) => words(row.template ?? row.step ?? row.medium);

export function LedgerPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const { medium, state, journey, step, template, profile_id } = address;
  const query = useQuery(queries.messages({ medium, state, journey, step, template, profile_id, page }));
  const journeys = useQuery(queries.journeys());
  const filtered = Boolean(medium || state || journey || step || template || profile_id);
  const clear = () => setAddress({ medium: undefined, state: undefined, journey: undefined, step: undefined, template: undefined, profile_id: undefined, page: undefined });
  const pick = (name: string) => (value: string | null) => setAddress({ [name]: value ?? undefined, page: undefined });
  const close = () => void navigate({ to: "/messages", search: (before: unknown) => before } as never);
  return (
    <Page title="Messages" purpose="Did it go out, and if not, why?">
      <div className="ft-filters">
        <Select className="ft-field" aria-label="Channel" placeholder="Any channel" clearable data={MEDIA.map((one) => ({ value: one, label: words(one) }))} value={medium ?? null} onChange={pick("medium")} w={150} />
        <Select className="ft-field" aria-label="State" placeholder="Any state" clearable data={STATES.map((one) => ({ value: one, label: words(one) }))} value={state ?? null} onChange={pick("state")} w={150} />
        <Select className="ft-field" aria-label="Journey" placeholder="Any journey" clearable data={(journeys.data?.rows ?? []).map((one) => ({ value: one.key, label: one.title }))} value={journey ?? null} onChange={pick("journey")} w={190} />
        {profile_id && <Badge tone="accent">one person</Badge>}
        {step && <Badge tone="accent">step {words(step)}</Badge>}
        {filtered && <button type="button" className="ft-link" onClick={clear}>Clear filters</button>}
        <span className="grow" />
        <span className="ft-muted" aria-live="polite">{query.data && formats.plural(query.data.total, "message", "messages")}</span>
      </div>
      <div className="ft-panelgrid" data-open={Boolean(id)}>
        <Loaded query={query} rows={12}>
          {(ledger) => (
            <div className="ft-card">
              {ledger.rows.length === 0 ? (
                <Empty icon={IconSend} title={filtered ? "No message matches" : "Nothing sent yet"} action={filtered ? <button type="button" className="ft-link" onClick={clear}>Clear filters</button> : <Link to="/journeys">Look at the journeys</Link>}>
                  {filtered ? "No message has this channel, state or journey." : "Messages appear here as soon as a journey decides about one, with the reason where it was not sent."}
                </Empty>
              ) : (
                <>
                  <Ledger rows={ledger.rows} chosen={id} />
                  <Pager page={page} total={ledger.total} what="messages" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
                </>
              )}
            </div>
          )}
        </Loaded>
        {id && <MessagePanel key={id} id={id} onClose={close} />}
      </div>
    </Page>
  );
}

function Ledger({ rows, chosen }: { rows: MessageRow[]; chosen?: string }) {
  const formats = useFormats();
  const all = [
    { name: "message", title: "Message", cell: (row: MessageRow) => <><Link to="/messages/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}>{messageName(row)}</Link><span className="two ft-clip"><bdi>{row.address ?? "no address"}</bdi></span></> },
    { name: "channel", title: "Channel", cell: (row: MessageRow) => words(row.medium) },
    { name: "journey", title: "Journey and step", cell: (row: MessageRow) => (row.journey ? <span className="ft-muted">{words(row.journey)}{row.step ? `, ${row.step.replaceAll("_", " ")}` : ""}</span> : "–") },
    { name: "state", title: "Decision", key: true, cell: (row: MessageRow) => <Badge tone={stateTone(row)}>{words(row.state)}</Badge> },
    { name: "error", title: "Reason", cell: (row: MessageRow) => <span className="ft-muted">{row.error ? words(row.error) : row.clicked_at ? "clicked" : row.opened_at ? "opened" : "–"}</span> },
    { name: "at", title: "Due", number: true, cell: (row: MessageRow) => formats.due(row.at) },
  ];
  const columns = chosen ? all.filter((column) => !["journey", "error"].includes(column.name)) : all;
  return <Table label="Messages" columns={columns} rows={rows} rowKey={(row) => row.message_id} chosen={chosen} />;
}
