import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { channelName, languageName, measureName } from "./score-words";

type Response = Schemas["ResponseBody"];

/** One response with every answer, who gave it and how they came to it. */
export function ResponsePanel({ survey, response, onClose }: { survey: string; response: string; onClose: () => void }) {
  const formats = useFormats();
  const query = useQuery(queries.surveyResponse(survey, response));
  const found = query.data;
  return (
    <Panel title={found ? formats.instant(found.answered_at) : "Response"} badge={found && (found.complete ? <Badge tone="good">To the end</Badge> : <Badge>Begun</Badge>)} onClose={onClose}>
      <Loaded query={query} rows={6}>
        {(told) => (
          <>
            <Section title="What they said">
              <dl className="ft-answers">
                {told.answers.map((one) => (
                  <div key={one.key}>
                    <dt>{one.ask}</dt>
                    {one.answers.map((answer, place) => <dd key={`${place} ${answer}`} dir="auto" lang={told.language ?? undefined}>{answer}</dd>)}
                  </div>
                ))}
              </dl>
              {told.answers.length === 0 && <p className="ft-muted">Nothing that the survey asks.</p>}
            </Section>
            <Section title="How they came to it"><Pairs left rows={about(told, formats)} /></Section>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function about(told: Response, formats: ReturnType<typeof useFormats>): [string, ReactNode][] {
  const rows: [string, ReactNode][] = [
    ["Person", told.profile_id ? <PersonLink key="who" id={told.profile_id} name={told.person} /> : "anonymous"],
    [measureName(told.measure), told.score === null ? "not scored" : formats.number(told.score, 1)],
    ["By", channelName(told.channel)],
    ["Language", languageName(told.language, formats.setting.locale)],
    ["Asked", told.asked_at ? formats.instant(told.asked_at) : "by nobody"],
    ["Answered", formats.instant(told.answered_at)],
  ];
  if (told.changed_at !== told.answered_at) rows.push(["Added to", formats.instant(told.changed_at)]);
  if (told.journey) rows.push(["Journey", <Link key="journey" to="/journeys/$key" params={{ key: told.journey }}>{told.journey.replaceAll("_", " ")}</Link>]);
  if (told.message_id) rows.push(["Message", <Link key="message" to="/messages/$id" params={{ id: told.message_id }}>the one that asked</Link>]);
  for (const [name, value] of [["Touchpoint", told.touchpoint], ["Product", told.product_id], ["Order", told.order_id], ["Agent", told.agent]] as const) if (value) rows.push([name, <bdi key={name}>{value}</bdi>]);
  return rows;
}
