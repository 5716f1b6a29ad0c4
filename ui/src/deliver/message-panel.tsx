import { IconArrowRight, IconCheck, IconRefresh, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { queries } from "@/api/queries";
import type { MessageRow, Schemas } from "@/api/types";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { toldIn } from "./found-words";
import { MessageBadge } from "./message-badge";
import { decisionWord, messageName, tellsOpens } from "./message-words";
import { Rendered } from "./rendered";
import { Settle } from "./settle";

/** One message: every check that was made, and what happened after. */
export function MessagePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.message(id));
  const message = query.data?.message;
  return (
    <Panel title={message ? messageName(message) : "Message"} badge={message && <MessageBadge row={message} />} onClose={onClose}>
      <Loaded query={query} rows={8}>{(body) => <Body body={body} />}</Loaded>
    </Panel>
  );
}

function Body({ body }: { body: Schemas["MessageBody"] }) {
  const { message } = body;
  return (
    <>
      <Section><Pairs left rows={useFacts(message)} /></Section>
      {message.sent_at && <Rendered id={message.message_id} />}
      {body.decisions.map((decision, index) => <Decision key={`${decision.decided_at}${index}`} decision={decision} />)}
      <Story body={body} />
      <Section title="What people did">
        {body.happened.length === 0 && <p className="ft-muted">{message.sent_at ? silence(message.medium) : "Nothing: it did not go out."}</p>}
        {body.happened.map((one, index) => <Happened key={`${one.at}${index}`} one={one} />)}
      </Section>
      <Section><p className="ft-mono ft-faint">{body.message_id}</p></Section>
    </>
  );
}

function useFacts(message: MessageRow): [string, ReactNode][] {
  const formats = useFormats();
  const rows: [string, ReactNode][] = [["Due", formats.instant(message.at)]];
  if (message.profile_id) rows.push(["Person", <PersonLink key="who" id={message.profile_id} name={message.person} />]);
  if (message.address) rows.push(["To", <bdi key="to">{message.address}</bdi>]);
  if (message.medium) rows.push(["Channel", message.channel && message.channel !== message.medium ? `${words(message.medium)} by ${message.channel}` : words(message.medium)]);
  if (message.journey) rows.push(["Journey", <Link key="journey" to="/journeys/$key" params={{ key: message.journey }} search={{ step: message.step ?? undefined } as never}>{words(message.journey)}{message.step ? `, ${message.step.replaceAll("_", " ")}` : ""}</Link>]);
  if (message.sent_at) rows.push(["Sent", formats.instant(message.sent_at)]);
  if (message.lane === "transactional") rows.push(["Lane", "Transactional: goes first, passes caps and quiet hours"]);
  if (message.priority) rows.push(["Priority", formats.count(message.priority)]);
  if (message.state === "queued" && message.next_at) rows.push(["Its turn", formats.due(message.next_at)]);
  return rows;
}

const silence = (medium: string | null): string => {
  if (medium === "ads") return "Nothing is told back: the platform says nothing about single people.";
  return tellsOpens(medium) ? "Nothing so far: no open, no click, no reply." : "Nothing so far: no click, no reply. Whether it was read cannot be known.";
};

/** Every hand-over, what the other side said, and where the message stands. */
function Story({ body }: { body: Schemas["MessageBody"] }) {
  const formats = useFormats();
  return (
    <Section title="What became of it">
      <ol className="ft-chain">
        {body.story.map((sentence, index) => {
          const failed = index < body.attempts.length;
          const Sign = failed ? IconRefresh : IconArrowRight;
          return <li key={`${index}${sentence}`}><Sign size={16} stroke={1.7} className="ft-icon ft-muted" aria-hidden /><span style={{ overflowWrap: "anywhere" }}>{toldIn(sentence, formats)}</span></li>;
        })}
      </ol>
      {body.message.state === "uncertain" && <Settle row={body.message} />}
    </Section>
  );
}

function Happened({ one }: { one: Schemas["MessageBody"]["happened"][number] }) {
  const formats = useFormats();
  return (
    <div className="ft-line">
      <span>{words(one.what)}{one.machine && <span className="ft-muted"> by a program, not counted</span>}{one.url && <span className="ft-muted ft-small" style={{ display: "block", overflowWrap: "anywhere" }}>{one.url}</span>}</span>
      <span /><span className="ft-muted ft-small">{formats.instant(one.at)}</span>
    </div>
  );
}

function Decision({ decision }: { decision: Schemas["Decision"] }) {
  const formats = useFormats();
  const tone = decision.decision === "send" ? "good" : decision.decision === "defer" ? "warn" : undefined;
  return (
    <Section title={`Decided for ${formats.instant(decision.at)}`}>
      <div className="ft-titleline" style={{ marginBottom: 6 }}>
        <Badge tone={tone}>{decisionWord(decision.decision)}</Badge>
        <b className="ft-strong">{words(decision.reason)}</b>
        {decision.until && <span className="ft-muted ft-small">asked again {formats.due(decision.until)}</span>}
      </div>
      <ol className="ft-chain">
        {decision.checks.map((check) => {
          const Sign = check.passed ? IconCheck : IconX;
          return (
            <li key={check.check}>
              <Sign size={16} stroke={2} className={`ft-icon ft-${check.passed ? "good" : "bad"}`} aria-label={check.passed ? "passed" : "stopped here"} />
              <span><span className="ft-strong">{CHECKS[check.check] ?? words(check.check)}</span> <span className="ft-muted">{toldIn(check.says, formats)}</span></span>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}

const CHECKS: Record<string, string> = {
  definitions: "Template and channel", consent: "Consent", address: "Address", suppression: "Suppression list", contamination: "Both arms", quiet_hours: "Quiet hours", frequency_cap: "Frequency cap", survey_fatigue: "Rest between surveys", sample: "Sample",
  sandbox: "Sandbox",
};
