import { useMediaQuery } from "@mantine/hooks";
import { IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Person } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Page, Strip, type Fact } from "@/components/page";
import { personName } from "@/components/person-name";
import { Loaded } from "@/components/states";
import { BelongingsCards } from "@/collect/own-tables";
import { useFormats } from "@/formats/context";
import { scoresIn } from "@/formats/scores";
import { spanOf } from "@/formats/span";
import { WhyOne } from "@/identify/why-one";
import { PersonConsents } from "@/privacy/person-consents";
import { Identities, Segments, Traits } from "./person-known";
import { Answers, Cases, Journeys, Messages } from "./person-contact";
import { predictionTitle } from "./prediction-title";
import { BestTime } from "./person-time";
import { Visits } from "./person-visits";
import { Why } from "./person-why";
import { PersonTimeline } from "./timeline";

const TABS = ["Now", "Timeline", "Profile", "Messages"] as const;
type Tab = (typeof TABS)[number];

const nameOf = (person: Person) => personName({ ...person, user_id: person.identifiers.find((one) => one.kind === "user_id")?.value });
const initials = (name: string) => name.replace(/@.*/, "").split(/[\s._-]+/).slice(0, 2).map((part) => part.charAt(0).toUpperCase()).join("");

export function PersonPage() {
  const id = useParams({ strict: false }).id ?? "";
  const formats = useFormats();
  const query = useQuery(queries.person(id));
  const person = query.data;
  const name = person ? nameOf(person) : "Person";
  return (
    <Page
      title={name}
      crumb={<Link to="/people">People</Link>}
      avatar={person && (person.name ?? person.email ? initials(name) : <IconUser size={22} stroke={1.7} aria-hidden />)}
      badges={person && !person.known && <Badge>No name known</Badge>}
      purpose={person && [person.email && person.email !== name ? person.email : null, person.facts.first_seen ? `first seen ${formats.day(person.facts.first_seen)}` : null, person.facts.last_seen ? `last seen ${formats.ago(person.facts.last_seen)}` : null].filter(Boolean).join(" · ")}
    >
      <Loaded query={query} rows={12}>{(data) => <Content person={data} />}</Loaded>
    </Page>
  );
}

function Content({ person }: { person: Person }) {
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const [address, setAddress] = useAddress();
  const tab: Tab = TABS.find((one) => one.toLowerCase() === address.tab) ?? "Now";
  if (phone) {
    return (
      <>
        <div className="ft-tabs" role="tablist" aria-label="Parts of the person">
          {TABS.map((one) => <button key={one} type="button" role="tab" aria-selected={one === tab} onClick={() => setAddress({ tab: one === "Now" ? undefined : one.toLowerCase() }, true)}>{one}</button>)}
        </div>
        {tab === "Now" && <><Facts person={person} /><Cases person={person} /><Answers person={person} /><Why person={person} /><Journeys person={person} /><BestTime id={person.profile_id} /></>}
        {tab === "Timeline" && <><Visits id={person.profile_id} /><PersonTimeline id={person.profile_id} /></>}
        {tab === "Profile" && <><Identities person={person} /><WhyOne id={person.profile_id} /><Segments person={person} /><Traits person={person} /><BelongingsCards id={person.profile_id} /></>}
        {tab === "Messages" && <><PersonConsents id={person.profile_id} /><Messages person={person} /></>}
      </>
    );
  }
  return (
    <>
      <Facts person={person} />
      <div className="ft-grid">
        <div className="ft-stack ft-c3"><Identities person={person} /><WhyOne id={person.profile_id} /><PersonConsents id={person.profile_id} /><Segments person={person} /><Traits person={person} /><BelongingsCards id={person.profile_id} /></div>
        <div className="ft-stack ft-c6"><Why person={person} /><PersonTimeline id={person.profile_id} /></div>
        <div className="ft-stack ft-c3"><Cases person={person} /><Answers person={person} /><Journeys person={person} /><BestTime id={person.profile_id} /><Messages person={person} /><Visits id={person.profile_id} /></div>
      </div>
    </>
  );
}

function Facts({ person }: { person: Person }) {
  const formats = useFormats();
  const dates = useQuery(queries.personForeseen(person.profile_id)).data?.dates ?? [];
  const { facts } = person;
  const foreseen = person.predictions.slice(0, 2).map((one): Fact => ({
    label: predictionTitle(one, person.predictions),
    value: scoresIn(one.unit, formats).one(one.score),
    note: `interval ${scoresIn(one.unit, formats).interval(one.low, one.high)}`,
  }));
  return (
    <Strip
      facts={[
        ...foreseen,
        ...dates.slice(0, 1).map((one): Fact => ({
          label: one.title,
          value: one.expected_at ? formats.day(one.expected_at) : `after ${spanOf(one.horizon)}`,
          note: one.earliest_at ? `${formats.day(one.earliest_at)} to ${one.latest_at ? formats.day(one.latest_at) : `beyond ${spanOf(one.horizon)}`}` : `${formats.probability(one.chance)} within ${spanOf(one.horizon)}`,
        })),
        { label: "Spent so far", value: facts.orders ? formats.money(facts.revenue) : "–", note: facts.orders ? `${formats.plural(facts.orders, "order", "orders")}, less refunds` : "no orders yet" },
        { label: "Last order", value: facts.last_order ? formats.span(Date.parse(formats.setting.now) - Date.parse(facts.last_order)) : "–", note: facts.last_order ? `ago, ${formats.day(facts.last_order)}` : "no orders yet" },
        ...(facts.last_nps ? [{ label: "Last NPS answer", value: formats.number(facts.last_nps.score, 0), note: `of 10, ${formats.day(facts.last_nps.answered_at)}` }] : []),
        { label: "Events", value: formats.count(facts.events), note: facts.first_seen ? `since ${formats.day(facts.first_seen)}` : undefined },
      ]}
    />
  );
}
