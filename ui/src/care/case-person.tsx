import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Person, PersonPrediction } from "@/api/types";
import { Pairs } from "@/components/page";
import { Section } from "@/components/panel";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";
import { predictionTitle } from "@/profile/prediction-title";

const MOST = 3;

/** Who it is about, in a few lines: scores, orders, what else is open. */
export function CasePerson({ id, caseId }: { id: string; caseId: string }) {
  const query = useQuery(queries.person(id));
  return <Section title="Person"><Loaded query={query} rows={3}>{(person) => <Lines person={person} caseId={caseId} />}</Loaded></Section>;
}

function Lines({ person, caseId }: { person: Person; caseId: string }) {
  const formats = useFormats();
  const { facts } = person;
  const others = person.cases.filter((one) => one.case_id !== caseId && one.state !== "closed");
  const scores = person.predictions.slice(0, MOST).map((one): [string, React.ReactNode] => [predictionTitle(one, person.predictions), scored(one, formats)]);
  return (
    <Pairs
      rows={[
        ...scores,
        ["Orders", facts.orders ? `${formats.count(facts.orders)}, ${formats.money(facts.revenue)}, last ${formats.instant(facts.last_order)}` : "no orders yet"],
        ...(others.length ? [["Other open cases", others.map((one) => one.title).join(", ")] as [string, string]] : []),
        ...(person.journeys.length ? [["In journeys", person.journeys.slice(0, MOST).map((one) => words(one.journey)).join(", ")] as [string, string]] : []),
      ]}
    />
  );
}

const scored = (one: PersonPrediction, formats: Formats) => (one.unit === "probability" ? formats.probability(one.score) : one.unit === "money" ? formats.money(one.score) : formats.count(one.score));
