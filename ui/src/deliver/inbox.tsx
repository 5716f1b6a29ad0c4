import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { InboxPanel } from "./inbox-panel";
import { Seen } from "./seen";
import { subjectOf } from "./subject";
import { Tabs } from "./tabs";

const TABS = [["", "All"], ["email", "E-mail"], ["sms", "SMS"], ["push", "Push"], ["ads", "Ads"], ["alert", "Alert"]] as const;

export function InboxPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const channel = address.channel ?? "";
  const query = useQuery(queries.inbox({ channel, page }));
  const close = () => void navigate({ to: "/inbox", search: (before: Record<string, unknown>) => ({ ...before, view: undefined }) } as never);
  return (
    <Page title="Inbox" crumb={<Link to="/messages">Messages</Link>} purpose="Everything the development channels caught, as people would see it. Nothing here left this machine.">
      <Tabs label="Channel" tabs={TABS} chosen={channelOf(channel)} onChoose={(key) => setAddress({ channel: key || undefined, page: undefined })} />
      <div className="ft-panelgrid" data-open={Boolean(id)} data-wide="true">
        <Loaded query={query} rows={10}>
          {(inbox) => (
            <div className="ft-card">
              {inbox.rows.length === 0 ? (
                <Empty icon={IconInbox} title={channel ? `No ${TABS.find(([key]) => key === channel)?.[1] ?? words(channel)} caught` : "Nothing caught yet"} action={channel ? <button type="button" className="ft-link" onClick={() => setAddress({ channel: undefined })}>Show all channels</button> : <Link to="/journeys">Look at the journeys</Link>}>
                  Messages of live journeys arrive here while the channel is a development channel.
                </Empty>
              ) : (
                <>
                  <Table
                    label="Inbox"
                    rows={inbox.rows}
                    rowKey={(row) => row.message_id}
                    chosen={id}
                    columns={[
                      { name: "subject", title: "Message", cell: (row) => <Link to="/inbox/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}><bdi>{subjectOf(row)}</bdi><span className="two ft-clip" style={{ maxWidth: id ? 240 : 440 }}>{row.medium === "ads" ? "to the platform" : <>to <bdi>{row.address}</bdi></>}</span></Link> },
                      ...(id ? [] : [
                        { name: "channel", title: "Channel", cell: (row: Schemas["InboxRow"]) => words(row.medium) },
                        { name: "journey", title: "Journey and step", cell: (row: Schemas["InboxRow"]) => <span className="ft-muted">{row.journey ? `${words(row.journey)}, ${row.step?.replaceAll("_", " ")}` : "–"}</span> },
                      ]),
                      { name: "seen", title: "Seen", cell: (row) => <Seen row={row} /> },
                      { name: "at", title: "Due", number: true, key: true, cell: (row) => <span className="ft-muted" style={{ fontWeight: 450 }}>{formats.due(row.at)}</span> },
                    ]}
                  />
                  <Pager page={page} total={inbox.total} what="messages" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
                </>
              )}
            </div>
          )}
        </Loaded>
        {id && <InboxPanel key={id} id={id} onClose={close} />}
      </div>
    </Page>
  );
}

const channelOf = (told: string) => TABS.find(([key]) => key === told)?.[0] ?? "";
