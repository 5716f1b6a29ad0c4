import { IconInbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Badge, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { InboxPanel } from "./inbox-panel";

const TABS = [["", "All"], ["email", "E-mail"], ["sms", "SMS"], ["push", "Push"], ["ads", "Ads"]] as const;

export function InboxPage() {
  const formats = useFormats();
  const id = useParams({ strict: false }).id;
  const navigate = useNavigate();
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const channel = address.channel ?? "";
  const query = useQuery(queries.inbox({ channel, page }));
  const close = () => void navigate({ to: "/inbox", search: (before: unknown) => before } as never);
  return (
    <Page title="Inbox" crumb={<Link to="/messages">Messages</Link>} purpose="Everything the development channels caught, as people would see it. Nothing here left this machine.">
      <div className="ft-tabs" role="tablist" aria-label="Channel">
        {TABS.map(([key, title]) => <button key={key} type="button" role="tab" aria-selected={key === channel} onClick={() => setAddress({ channel: key || undefined, page: undefined })}>{title}</button>)}
      </div>
      <div className="ft-panelgrid" data-open={Boolean(id)} data-wide="true">
        <Loaded query={query} rows={10}>
          {(inbox) => (
            <div className="ft-card">
              {inbox.rows.length === 0 ? (
                <Empty icon={IconInbox} title={channel ? `No ${words(channel)} caught` : "Nothing caught yet"} action={channel ? <button type="button" className="ft-link" onClick={() => setAddress({ channel: undefined })}>Show all channels</button> : <Link to="/journeys">Look at the journeys</Link>}>
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
                      { name: "subject", title: "Message", cell: (row) => <><Link to="/inbox/$id" params={{ id: row.message_id }} search={((before: unknown) => before) as never}><bdi>{subjectOf(row)}</bdi></Link><span className="two ft-clip" style={{ maxWidth: id ? 240 : 440 }}>to <bdi>{row.address}</bdi></span></> },
                      ...(id ? [] : [
                        { name: "channel", title: "Channel", cell: (row: Schemas["InboxRow"]) => words(row.medium) },
                        { name: "journey", title: "Journey and step", cell: (row: Schemas["InboxRow"]) => <span className="ft-muted">{row.journey ? `${words(row.journey)}, ${row.step?.replaceAll("_", " ")}` : "–"}</span> },
                      ]),
                      { name: "seen", title: "Seen", cell: (row) => (row.clicked_at ? <Badge tone="good">Clicked</Badge> : row.opened_at ? <Badge tone="good">Opened</Badge> : <Badge>Not opened</Badge>) },
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

const subjectOf = (row: { subject: string; text: string; template: string | null; medium: string }) => row.subject || row.text.slice(0, 60) || words(row.template ?? row.medium);
