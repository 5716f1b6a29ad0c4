import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Person } from "@/api/types";
import { CaseBadges } from "@/care/case-badges";
import { MessageBadge } from "@/deliver/message-badge";
import { messageName } from "@/deliver/message-words";
import { Badge, Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { measureName } from "@/listen/score-words";

export function Cases({ person }: { person: Person }) {
  const formats = useFormats();
  const shown = person.cases.slice(0, 3);
  return (
    <Card title="Cases" side={formats.plural(person.cases.filter((one) => one.state !== "closed").length, "open", "open")}>
      {shown.length === 0 && <p className="ft-body ft-muted">No cases yet.</p>}
      <ul className="ft-rows">
        {shown.map((one) => (
          <li key={one.case_id}>
            <div className="ft-chips" style={{ marginBottom: 4 }}><CaseBadges row={one} /></div>
            <b className="ft-strong">{one.title}</b>
            <p className="ft-muted ft-small">{one.state === "closed" ? `closed ${formats.ago(one.closed_at)}, ${words(one.outcome).toLowerCase()}` : `due ${formats.due(one.due_at)}${one.owner ? ` · ${one.owner}` : " · nobody has it yet"}`}</p>
            {one.state !== "closed" && <Button component={Link} to={`/cases/${one.case_id}` as "/cases"} variant="default" size="xs" data-size="xs" mt={8}>Open case</Button>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

const ANSWERS_SHOWN = 3;
const MOST_WORDS = 280;

export function Answers({ person }: { person: Person }) {
  const formats = useFormats();
  const answers = person.answers ?? [];
  if (answers.length === 0) return null;
  return (
    <Card title="Answers" side={formats.plural(answers.length, "answer", "answers")}>
      <ul className="ft-rows">
        {answers.slice(0, ANSWERS_SHOWN).map((one) => (
          <li key={one.response_id}>
            <div className="ft-titleline"><b className="ft-strong">{measureName(one.survey)}</b>{one.score !== null && <Badge>{formats.number(one.score, 1)}</Badge>}</div>
            {one.text && <p dir="auto" style={{ overflowWrap: "anywhere" }}>{one.text.length > MOST_WORDS ? `${one.text.slice(0, MOST_WORDS)}…` : one.text}</p>}
            <p className="ft-muted ft-small">{formats.instant(one.answered_at)}{one.touchpoint ? ` · ${words(one.touchpoint).toLowerCase()}` : ""}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Journeys({ person }: { person: Person }) {
  const formats = useFormats();
  return (
    <Card title="Journeys" side={person.journeys.length}>
      {person.journeys.length === 0 && <p className="ft-body ft-muted">In no journey so far.</p>}
      <ul className="ft-rows">
        {person.journeys.slice(0, 5).map((run) => (
          <li key={run.run}>
            <div className="ft-titleline"><Link to="/journeys/$key" params={{ key: run.journey }} className="ft-strong">{run.title}</Link><Badge tone={run.state === "active" ? "accent" : run.state === "goal" ? "good" : undefined}>{words(run.arm === "held_out" ? "held_out" : run.state)}</Badge></div>
            <p className="ft-muted ft-small">entered {formats.ago(run.entered_at)}{run.step && run.state === "active" ? ` · at ${run.step.replaceAll("_", " ")}` : ""}{run.goal_at ? ` · goal ${formats.ago(run.goal_at)}` : ""}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

export function Messages({ person }: { person: Person }) {
  const formats = useFormats();
  return (
    <Card title="Messages" side={<Link to="/messages" search={{ profile_id: person.profile_id } as never}>All</Link>}>
      {person.messages.length === 0 && <p className="ft-body ft-muted">No message was asked for.</p>}
      <ul className="ft-rows">
        {person.messages.slice(0, 6).map((one) => (
          <li key={one.message_id}>
            <div className="ft-line" style={{ padding: 0 }}>
              <Link to="/messages/$id" params={{ id: one.message_id }} className="ft-strong">{messageName(one)}</Link>
              <span /><MessageBadge row={one} />
            </div>
            <p className="ft-muted ft-small">{words(one.medium)} · {formats.due(one.at)}{one.decision === "refuse" ? ` · ${words(one.reason)}` : ""}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
