import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

type Message = Schemas["InboxMessage"];
const VIEWS = [["html", "As it looks"], ["text", "Text"], ["headers", "Headers"], ["links", "Links"]] as const;
type View = (typeof VIEWS)[number][0];

export function InboxPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.inboxMessage(id));
  return (
    <Panel title={query.data ? query.data.subject || words(query.data.template ?? query.data.medium) : "Message"} badge={query.data && <Badge tone={query.data.opened_at ? "good" : undefined}>{query.data.clicked_at ? "Clicked" : query.data.opened_at ? "Opened" : words(query.data.medium)}</Badge>} onClose={onClose}>
      <Loaded query={query} rows={10}>{(message) => <Body message={message} />}</Loaded>
    </Panel>
  );
}

function Body({ message }: { message: Message }) {
  const formats = useFormats();
  const views = VIEWS.filter(([name]) => name !== "html" || message.html);
  const [chosen, setView] = useState<View>(message.html ? "html" : "text");
  return (
    <>
      <Section>
        <Pairs
          left
          rows={[
            ["To", <bdi key="to">{message.address}</bdi>],
            ["Due", formats.instant(message.at)],
            ["Person", message.profile_id ? <PersonLink key="who" id={message.profile_id} name="Open the person" /> : "–"],
            ["Why", <Link key="why" to="/messages/$id" params={{ id: message.message_id }}>Decision and checks</Link>],
          ]}
        />
      </Section>
      <div className="ft-tabs" role="tablist" aria-label="View of the message" style={{ padding: "0 14px" }}>
        {views.map(([name, title]) => <button key={name} type="button" role="tab" aria-selected={name === chosen} onClick={() => setView(name)}>{title}{name === "links" ? `, ${message.links.length}` : ""}</button>)}
      </div>
      {chosen === "html" && <Mail message={message} />}
      {chosen === "text" && <pre className="ft-pre" tabIndex={0} dir="auto">{message.text}</pre>}
      {chosen === "headers" && <div style={{ padding: 14 }}><Pairs left rows={Object.entries(message.headers)} /></div>}
      {chosen === "links" && (
        <ul className="ft-rows">
          {message.links.map((link) => <li key={link}><a className="ft-mono" href={link} target="_blank" rel="noreferrer">{link}</a></li>)}
          {message.links.length === 0 && <li className="ft-muted">No links in it.</li>}
        </ul>
      )}
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
