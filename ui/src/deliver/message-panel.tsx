import { IconCheck, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { stateTone } from "./state-tone";

/** One message: every check that was made, and what happened after. */
export function MessagePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.message(id));
  const message = query.data?.message;
  return (
    <Panel title={message ? words(message.template ?? message.step ?? message.medium) : "Message"} badge={message && <Badge tone={stateTone(message)}>{words(message.state)}</Badge>} onClose={onClose}>
      <Loaded query={query} rows={8}>{(body) => <Body body={body} />}</Loaded>
    </Panel>
  );
}

function Body({ body }: { body: Schemas["MessageBody"] }) {
  const formats = useFormats();
  const { message } = body;
  return (
    <>
      {message && (
        <Section>
          <Pairs
            rows={[
              ["To", <bdi key="to">{message.address ?? "no address"}</bdi>],
              ...(message.profile_id ? [["Person", <PersonLink key="who" id={message.profile_id} name="Open the person" />] as [string, React.ReactNode]] : []),
              ["Channel", `${words(message.medium)} by ${message.channel}`],
              ...(message.journey ? [["Journey", <Link key="journey" to="/journeys/$key" params={{ key: message.journey }}>{words(message.journey)}</Link>] as [string, React.ReactNode]] : []),
              ["Due", formats.instant(message.at)],
              ["Sent", formats.instant(message.sent_at)],
              ...(message.error ? [["Error", message.error] as [string, React.ReactNode]] : []),
            ]}
          />
          {["email", "sms", "push", "ads"].includes(message.medium) && message.sent_at && (
            <p style={{ marginTop: 8 }}><Link to="/inbox/$id" params={{ id: message.message_id }}>See it as it was sent</Link></p>
          )}
        </Section>
      )}
      {body.decisions.map((decision, index) => <Decision key={`${decision.decided_at}${index}`} decision={decision} />)}
      <Section title="What happened after">
        {body.happened.length === 0 && <p className="ft-muted">Nothing so far: no open, no click, no reply.</p>}
        {body.happened.map((one, index) => (
          <div className="ft-line" key={`${one.at}${index}`}>
            <span>{words(one.what)}{one.machine && <span className="ft-muted"> by a program, not counted</span>}{one.url && <span className="ft-muted ft-small" style={{ display: "block" }}>{one.url}</span>}</span>
            <span /><span className="ft-muted ft-small">{formats.instant(one.at)}</span>
          </div>
        ))}
      </Section>
      <Section><p className="ft-mono ft-faint">{body.message_id}</p></Section>
    </>
  );
}

function Decision({ decision }: { decision: Schemas["Decision"] }) {
  const formats = useFormats();
  const tone = decision.decision === "send" ? "good" : decision.decision === "defer" ? "warn" : "bad";
  return (
    <Section title={`Decided ${formats.instant(decision.decided_at)}`}>
      <div className="ft-titleline" style={{ marginBottom: 6 }}>
        <Badge tone={tone}>{words(decision.decision)}</Badge>
        <b className="ft-strong">{words(decision.reason)}</b>
        {decision.until && <span className="ft-muted ft-small">asked again {formats.due(decision.until)}</span>}
      </div>
      <ol className="ft-chain">
        {decision.checks.map((check) => {
          const Sign = check.passed ? IconCheck : IconX;
          return (
            <li key={check.check}>
              <Sign size={16} stroke={2} className={`ft-icon ft-${check.passed ? "good" : "bad"}`} aria-label={check.passed ? "passed" : "stopped here"} />
              <span><span className="ft-strong">{words(check.check)}</span> <span className="ft-muted">{check.found}</span></span>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
