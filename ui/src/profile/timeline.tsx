import { Button } from "@mantine/core";
import { IconBolt, IconEye, IconGift, IconMail, IconMessageCircle, IconPhoneCall, IconRoute, IconShoppingBag, IconTrendingUp, IconUserCheck, type Icon } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { TimelineEntry } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card } from "@/components/page";
import { Failed, Shapes } from "@/components/states";
import { useFormats } from "@/formats/context";

const KINDS = [["", "All"], ["orders", "Orders"], ["visits", "Visits"], ["messages", "Messages"], ["other", "Other"]] as const;

const SIGNS: [RegExp, Icon, string | undefined][] = [
  [/^Prediction/, IconTrendingUp, "warn"], [/^Order (Refunded|Cancelled|Returned)/, IconShoppingBag, "bad"], [/^Order/, IconShoppingBag, "good"],
  [/^Case/, IconPhoneCall, undefined], [/^Survey/, IconMessageCircle, "accent"], [/^(Journey|Held Out)/, IconRoute, "accent"], [/^Offer/, IconGift, "accent"],
  [/^(Unsubscribed|.* Bounced)/, IconMail, "bad"], [/^(Email|SMS|Push|Message)/, IconMail, "accent"], [/^Consent/, IconUserCheck, undefined], [/Viewed|Session|Searched/, IconEye, undefined],
];

export function PersonTimeline({ id }: { id: string }) {
  const [address, setAddress] = useAddress();
  const kind = address.kind ?? "";
  const query = useInfiniteQuery(queries.timeline(id, kind || undefined));
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  return (
    <Card
      title="Timeline"
      side={<div className="ft-pick" role="group" aria-label="Kind of event">{KINDS.map(([key, title]) => <button type="button" key={key} aria-pressed={key === kind} onClick={() => setAddress({ kind: key || undefined }, true)}>{title}</button>)}</div>}
    >
      <div className="ft-body">
        {query.isPending && <Shapes rows={8} />}
        {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
        {query.data && rows.length === 0 && <p className="ft-muted">{kind ? "No events of this kind." : "No events yet."}</p>}
        <Entries rows={rows} />
        {query.hasNextPage && <Button variant="default" mt={8} loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Show earlier</Button>}
      </div>
    </Card>
  );
}

function Entries({ rows }: { rows: TimelineEntry[] }) {
  const formats = useFormats();
  return (
    <ol className="ft-time">
      {rows.map((entry, index) => {
        const before = rows[index - 1];
        return <Entry key={entry.message_id} entry={entry} newDay={!before || formats.day(before.at) !== formats.day(entry.at)} />;
      })}
    </ol>
  );
}

function Entry({ entry, newDay }: { entry: TimelineEntry; newDay: boolean }) {
  const formats = useFormats();
  const [open, setOpen] = useState(false);
  const [, Sign, tone] = SIGNS.find(([pattern]) => pattern.test(entry.event)) ?? [/./, IconBolt, undefined];
  return (
    <li>
      <div className="when">{newDay && <b>{formats.day(entry.at)}</b>}<span>{formats.time(entry.at)}</span></div>
      <span className="ft-well" data-tone={tone}><Sign size={15} stroke={1.7} aria-hidden /></span>
      <div className="what">
        <button type="button" className="ft-plain" aria-expanded={open} onClick={() => setOpen(!open)} style={{ minHeight: 24 }}>
          <b className="ft-strong">{entry.event}</b> <bdi className="ft-muted">{useDetail(entry)}</bdi>
        </button>
        {open && <pre className="ft-raw" tabIndex={0}>{JSON.stringify({ ...entry.properties, source: entry.source, message_id: entry.message_id }, null, 2)}</pre>}
      </div>
    </li>
  );
}

const SHOWN = ["survey", "text", "step", "prediction", "state", "outcome", "reason", "topic", "offer", "code", "channel", "name", "title", "path", "page", "product", "sku", "query", "order_id"];

/** The few properties that tell most, in one line. */
function useDetail(entry: TimelineEntry): string {
  const formats = useFormats();
  const { properties } = entry;
  const parts: string[] = [];
  const worth = properties.revenue ?? properties.total ?? properties.value;
  if (typeof worth === "number") parts.push(formats.money(worth));
  if (entry.event === "Survey Answered" && typeof properties.score === "number") parts.push(`score ${formats.number(properties.score, 1)}`);
  if (typeof properties.from === "string" || typeof properties.to === "string") parts.push(`${String(properties.from ?? "none").replaceAll("_", " ")} → ${String(properties.to ?? "none").replaceAll("_", " ")}`);
  for (const name of SHOWN) {
    const told = properties[name];
    if (typeof told === "string" && told && parts.length < 3) parts.push(told.replaceAll("_", " "));
  }
  return parts.join(" · ");
}
