import { Button } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Asked } from "@/api/client";
import { queries } from "@/api/queries";
import { pageOf, useAddress } from "@/components/address";
import { Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Failed, Loaded } from "@/components/states";
import { Pager } from "@/components/table";
import { useFormats } from "@/formats/context";
import { goingWords, lengthOf, segmentOf, voiceInterval, voiceValue, withinWords, type Body, type Stage, type Touchpoint, type Voice } from "./map-words";

interface Behind { what: string; label: string; count: number; condition?: Record<string, unknown> }

/** A stage or a touchpoint: its numbers, and the people behind the chosen one. */
export function MapPanel({ body, asked, onClose }: { body: Body; asked: Asked; onClose: () => void }) {
  const [address] = useAddress();
  const [kind, key] = (address.at ?? "").split(":");
  const stage = kind === "stage" ? body.stages.find((one) => one.key === key) : undefined;
  const touchpoint = kind === "touchpoint" ? body.touchpoints.find((one) => one.key === key) : undefined;
  if (stage) return <Panel title={stage.title} onClose={onClose}><OfStage body={body} stage={stage} asked={asked} /></Panel>;
  if (touchpoint) return <Panel title={touchpoint.title} onClose={onClose}><OfTouchpoint body={body} one={touchpoint} asked={asked} /></Panel>;
  return <Panel title="Not there" onClose={onClose}><Section><p>The map has no such stage or touchpoint.</p></Section></Panel>;
}

function OfStage({ body, stage, asked }: { body: Body; stage: Stage; asked: Asked }) {
  const formats = useFormats();
  const { course } = stage.going;
  const last = stage.going.reason === "last";
  const standing: Behind[] = [
    { what: "at", label: "At this stage", count: stage.people, condition: stage.condition },
    { what: "furthest", label: "No further than this", count: stage.furthest, condition: stage.furthest_condition },
    ...(stage.missed_condition ? [{ what: "missed", label: "Further without it", count: stage.missed, condition: stage.missed_condition }] : []),
  ];
  const flow: Behind[] = [
    { what: "entered", label: "Came in the window", count: course.entered },
    ...(last ? [] : [
      { what: "next", label: "Went on to the next stage", count: course.next },
      { what: "skipped", label: "Went on without the next", count: course.skipped },
      { what: "stopped", label: "Stopped here", count: course.stopped },
      { what: "not_yet", label: "Not yet: came too lately", count: course.not_yet },
      { what: "ahead", label: "Had been further before", count: course.ahead },
    ]),
  ];
  const { share, median_hours: median } = stage.going;
  const rows: [string, ReactNode][] = [
    ["Goes on", share ? `${formats.share(share.value)} (${formats.interval(share.low, share.high, "rate")})` : goingWords(stage.going, formats)],
    ...(share ? [["Told for", withinWords(stage.going, formats)] as [string, ReactNode]] : []),
    ...(median ? [["Half of those within", `${lengthOf(median.value, formats)} (${lengthOf(median.low, formats)} to ${lengthOf(median.high, formats)})`] as [string, ReactNode]] : []),
    ["Window before", stage.going_before.share ? formats.share(stage.going_before.share.value) : goingWords(stage.going_before, formats)],
    ["At the begin", formats.people(stage.people_before)],
    ["Open", `${formats.plural(stage.open_cases, "case", "cases")}, ${formats.plural(stage.open_issues, "issue", "issues")}`],
  ];
  return (
    <>
      <Section>{stage.description && <p>{stage.description}</p>}<p className="ft-muted">{stage.says}{!stage.exact && " It can end again, so it is looked at day by day."}</p></Section>
      {!last && <Section title="Going on"><Pairs rows={rows} /></Section>}
      <Numbers title={`As of ${formats.instant(body.until)}`} rows={standing} />
      <Numbers title="In the window" rows={flow} />
      <Voices voices={stage.voices} />
      <Who body={body} of={stage.key} title={stage.title} rows={[...standing, ...flow]} asked={asked} />
    </>
  );
}

function OfTouchpoint({ body, one, asked }: { body: Body; one: Touchpoint; asked: Asked }) {
  const formats = useFormats();
  const rows: Behind[] = [{ what: "met", label: "Met it in the window", count: one.people, condition: one.condition }];
  return (
    <>
      <Section><p className="ft-muted">{one.says}</p></Section>
      <Section title="In the window">
        <Pairs rows={[["Times", formats.count(one.volume)], ["People before", formats.count(one.people_before)], ["Times before", formats.count(one.volume_before)], ["Open cases", formats.count(one.open_cases)], ["Open issues", formats.count(one.open_issues)]]} />
      </Section>
      <Numbers rows={rows} />
      <Voices voices={one.voices} />
      <Who body={body} of={one.key} title={one.title} rows={rows} asked={asked} />
    </>
  );
}

function Numbers({ title, rows }: { title?: string; rows: Behind[] }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  return (
    <Section title={title}>
      <ul className="ft-mapnumbers">
        {rows.map((row) => (
          <li key={row.what}>
            <button type="button" className="ft-plain" aria-pressed={address.what === row.what} onClick={() => setAddress({ what: row.what, page: undefined })}>
              <span>{row.label}</span><b>{formats.count(row.count)}</b>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Voices({ voices }: { voices: Voice[] }) {
  const formats = useFormats();
  return (
    <Section title="What they say">
      {voices.length === 0
        ? <p className="ft-muted">Not yet: no answer and no text of these people in the window.</p>
        : <Pairs rows={voices.map((voice): [string, ReactNode] => [voice.title, `${voiceValue(voice, formats)} (${voiceInterval(voice, formats)}), ${formats.people(voice.people)}`])} />}
    </Section>
  );
}

/** The people behind the chosen number; where a condition says who they are, they open as a segment. */
function Who({ body, of, title, rows, asked }: { body: Body; of: string; title: string; rows: Behind[]; asked: Asked }) {
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const chosen = rows.find((row) => row.what === address.what);
  const query = useQuery({ ...queries.mapPeople(body.key, { ...asked, stage: of, what: chosen?.what ?? "", page }), enabled: Boolean(chosen) });
  if (!chosen) return <Section><p className="ft-muted">Choose a number to see its people.</p></Section>;
  return (
    <Section title={chosen.label}>
      {chosen.condition && !body.segment && (
        <div className="ft-actions"><Button component={Link} to="/segments/new" search={segmentOf(chosen.condition, `${body.title}, ${title}: ${chosen.label.toLowerCase()}.`) as never} size="xs" variant="default" leftSection={<IconUsersPlus size={14} stroke={1.7} aria-hidden />}>Save as segment</Button></div>
      )}
      {query.isError ? <Failed error={query.error} /> : (
        <Loaded query={query} rows={4}>
          {(found) => (
            <>
              <ul className="ft-mappeople">{found.rows.map((row) => <li key={row.profile_id}><PersonLink id={row.profile_id} name={row.name ?? row.email ?? row.user_id} /></li>)}</ul>
              <Pager page={page} total={found.total} what="people" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} />
            </>
          )}
        </Loaded>
      )}
    </Section>
  );
}
