import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { AdsRow } from "./ads-row";
import { Seen } from "./seen";
import { subjectOf } from "./subject";
import { Tabs } from "./tabs";

type Message = Schemas["InboxMessage"];
type View = "html" | "text" | "headers" | "links";

export function InboxPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.inboxMessage(id));
  return (
    <Panel title={query.data ? subjectOf(query.data) : "Message"} badge={query.data && <Seen row={query.data} />} onClose={onClose}>
      <Loaded query={query} rows={10}>{(message) => <Body message={message} />}</Loaded>
    </Panel>
  );
}

/** The views of a message: a view that it does not have is not offered. */
function viewsOf(message: Message): [View, string][] {
  const views: [View, string][] = [["text", message.medium === "ads" ? "What the platform gets" : "Text"]];
  if (message.html) views.unshift(["html", "As it looks"]);
  if (Object.keys(message.headers).length > 0) views.push(["headers", "Headers"]);
  if (message.links.length > 0) views.push(["links", `Links, ${message.links.length}`]);
  return views;
}

function Body({ message }: { message: Message }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const views = viewsOf(message);
  const chosen = views.find(([view]) => view === address.view)?.[0] ?? views[0]?.[0] ?? "text";
  return (
    <>
      <Section>
        <Pairs
          left
          rows={[
            ["To", <bdi key="to">{message.medium === "ads" ? "the platform, without the address" : message.address}</bdi>],
            ["Due", formats.instant(message.at)],
            ["Person", message.profile_id ? <PersonLink key="who" id={message.profile_id} name={message.person} /> : "–"],
            ["Why", <Link key="why" to="/messages/$id" params={{ id: message.message_id }}>Decision and checks</Link>],
          ]}
        />
      </Section>
      {views.length > 1 && <Tabs inset label="View of the message" tabs={views} chosen={chosen} onChoose={(view) => setAddress({ view: view === views[0]?.[0] ? undefined : view }, true)} />}
      {chosen === "html" && <Mail message={message} />}
      {chosen === "text" && (message.medium === "ads" ? <Section title="What the platform gets"><AdsRow text={message.text} /></Section> : <pre className="ft-pre" tabIndex={0} dir="auto">{message.text}</pre>)}
      {chosen === "headers" && <div style={{ padding: 14, overflowWrap: "anywhere" }}><Pairs left rows={Object.entries(message.headers)} /></div>}
      {chosen === "links" && <ul className="ft-rows">{message.links.map((link) => <li key={link}><a className="ft-mono" href={link} target="_blank" rel="noreferrer">{link}</a></li>)}</ul>}
    </>
  );
}

/** The mail under a policy that lets nothing run. Its pictures load as they do for people, so looking at it counts as an open. */
function Mail({ message }: { message: Message }) {
  const client = useQueryClient();
  const seen = () => {
    setTimeout(() => {
      void client.invalidateQueries({ queryKey: ["inbox"] });
      void client.invalidateQueries({ queryKey: [`inbox/${encodeURIComponent(message.message_id)}`] });
    }, 1500);
  };
  return <iframe className="ft-mail" title={`Mail: ${message.subject}`} src={message.html_url} sandbox="allow-popups allow-popups-to-escape-sandbox" onLoad={message.opened_at ? undefined : seen} />;
}
