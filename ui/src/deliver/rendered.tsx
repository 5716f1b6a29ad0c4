import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Section } from "@/components/panel";
import { AdsRow } from "./ads-row";

/** The text as it went out, where a development channel caught it; the mail itself is a click away, since looking at it counts as an open. */
export function Rendered({ id }: { id: string }) {
  const query = useQuery({ ...queries.inboxMessage(id), retry: false });
  if (query.isError) return null;
  const message = query.data;
  return (
    <Section title={message?.subject || "As it was sent"}>
      {!message && <p className="ft-faint">Reading the text …</p>}
      {message && (message.medium === "ads" ? <AdsRow text={message.text} /> : <pre className="ft-raw" tabIndex={0} dir="auto" style={{ maxHeight: 180 }}>{message.text}</pre>)}
      {message && <p style={{ marginTop: 6 }}><Link to="/inbox/$id" params={{ id }}>{message.html ? "See it as it looks" : "See it in the inbox"}</Link></p>}
    </Section>
  );
}
