import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { CaseAnswer } from "./case-answer";
import { CaseBadges } from "./case-badges";
import { History } from "./case-history";
import { CasePerson } from "./case-person";
import { Playbook } from "./case-playbook";
import { TicketSection } from "./case-ticket";
import { Close, Work } from "./case-work";
import { useChoices, type Body } from "./use-change";

export function CasePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(queries.case(id));
  return (
    <Panel title={query.data?.title ?? "Case"} badge={query.data && <CaseBadges row={query.data} />} onClose={onClose}>
      <Loaded query={query} rows={8}>{(body) => <Content body={body} />}</Loaded>
    </Panel>
  );
}

type Row = [string, React.ReactNode];

function Content({ body }: { body: Body }) {
  const formats = useFormats();
  const choices = useChoices();
  const { data: workspace } = useQuery(queries.workspace());
  const rows: Row[] = [
    ["Person", <PersonLink key="who" id={body.profile_id} name={body.person} />],
    ["Why", body.reason || "–"],
    ["Due", <span key="due" className={body.late ? "ft-bad" : undefined}>{formats.due(body.due_at)}</span>],
    ["Value at risk", formats.money(body.value_at_risk)],
    ["Opened", formats.instant(body.opened_at)],
  ];
  if (body.team) rows.push(["Team", choices?.teams.find((team) => team.key === body.team)?.title ?? body.team]);
  if (body.snoozed_until) rows.push(["Rests until", formats.due(body.snoozed_until)]);
  if (body.journey) rows.push(["Journey", <Link key="journey" to="/journeys/$key" params={{ key: body.journey }}>{words(body.journey)}{body.step ? `, ${body.step.replaceAll("_", " ")}` : ""}</Link>]);
  if (body.message_id) rows.push(["Message", <Link key="message" to="/messages/$id" params={{ id: body.message_id }}>{body.message_id}</Link>]);
  if (body.first_contact_at) rows.push(["First contact", formats.instant(body.first_contact_at)]);
  if (body.outcome) rows.push(["Outcome", words(body.outcome)]);
  if (body.root_cause) rows.push(["Root cause", body.root_cause]);
  if (body.reopened) rows.push(["Opened again", formats.plural(body.reopened, "time", "times")]);
  return (
    <>
      <Section><Pairs rows={rows} /></Section>
      <CaseAnswer body={body} />
      <Playbook body={body} />
      {workspace && <Work body={body} now={workspace.now} />}
      {body.state !== "closed" && <Close body={body} />}
      <CasePerson id={body.profile_id} caseId={body.case_id} />
      <Links body={body} />
      <TicketSection body={body} name={choices?.desk} />
      <History body={body} />
    </>
  );
}

function Links({ body }: { body: Body }) {
  const links = body.links ?? [];
  if (links.length === 0) return null;
  return (
    <Section title="Other cases">
      {links.map((link) => (
        <div className="ft-line" key={link.case_id}>
          <span>{words(link.kind)} <Link to="/cases/$id" params={{ id: link.case_id }} search={((before: unknown) => before) as never}>{link.title}</Link></span>
          <span /><span className="ft-muted ft-small">{words(link.state)}</span>
        </div>
      ))}
    </Section>
  );
}
