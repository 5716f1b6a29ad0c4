import { Select } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { Card, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { languageTitle, regionTitle } from "./places";
import "./who.css";

type Overview = Schemas["PeopleOverview"];
type Part = Overview["parts"][number];

export function WhoPage() {
  const [address, setAddress] = useAddress();
  const { segment } = address;
  const segments = useQuery(queries.segments()).data?.rows ?? [];
  const demographics = useQuery(queries.demographics({ segment }));
  const technology = useQuery(queries.technology({ segment }));
  return (
    <Page title="Who they are" purpose="Who are these people and with what do they come, against everybody?">
      <div className="ft-filters">
        <Select className="ft-field" aria-label="Segment" placeholder="Everybody" clearable searchable data={segments.map((row) => ({ value: row.key, label: row.title }))} value={segment ?? null} onChange={(value) => setAddress({ segment: value ?? undefined })} w={240} />
        {segment && <Link to="/segments/$key" params={{ key: segment }}>Open the segment</Link>}
      </div>
      <Loaded query={demographics} rows={8}>{(body) => <Group title="Who" body={body} empty="No trait tells country, language, gender or birthday of anybody yet. Send them with identify, or map the columns of a file." />}</Loaded>
      <Loaded query={technology} rows={8}>{(body) => <Group title="With what" body={body} empty="Nobody has visited a page yet. Put the snippet of a source into your pages." />}</Loaded>
    </Page>
  );
}

function Group({ title, body, empty }: { title: string; body: Overview; empty: string }) {
  const formats = useFormats();
  const known = body.parts.filter((part) => part.everybody > 0);
  return (
    <section className="ft-stack" aria-label={title}>
      <div className="ft-titleline"><h2 style={{ fontSize: "0.9375rem", fontWeight: 600 }}>{title}</h2><span className="ft-muted">known of {body.segment ? `${formats.people(body.people)} in ${body.segment.title}, of ${formats.people(body.everybody)} in all` : formats.people(body.everybody)}</span></div>
      {known.length === 0 ? (
        <div className="ft-card"><Empty icon={IconUsers} title="Nothing known yet" action={<Link to="/sources">Look at the sources</Link>}>{empty}</Empty></div>
      ) : (
        <div className="ft-grid">{known.map((part) => <div key={part.part} className="ft-c4"><PartCard part={part} segment={body.segment?.title} /></div>)}</div>
      )}
    </section>
  );
}

function PartCard({ part, segment }: { part: Part; segment?: string }) {
  const formats = useFormats();
  const name = titlesOf(part.part, formats.setting.locale);
  const most = Math.max(...part.rows.flatMap((row) => [row.everybody_share, segment ? row.share : 0]), Number.EPSILON);
  return (
    <Card title={part.title} side={segment ? `${formats.people(part.people)}; grey: everybody, ${formats.count(part.everybody)}` : formats.people(part.everybody)}>
      <div className="ft-body ft-who">
        {part.rows.map((row) => (
          <div key={row.value} style={{ padding: "2px 0" }}>
            {segment && <BarRow label={name(row.value)} share={row.share / most} value={<>{formats.share(row.share, part.people)} <span className="ft-muted ft-small">{formats.count(row.people)}</span></>} />}
            <BarRow label={segment ? <span className="ft-muted ft-small">everybody</span> : name(row.value)} tone={segment ? "rest" : undefined} share={row.everybody_share / most} value={<>{formats.share(row.everybody_share, part.everybody)} <span className="ft-muted ft-small">{formats.count(row.everybody)}</span></>} />
          </div>
        ))}
      </div>
    </Card>
  );
}

function titlesOf(part: string, locale: string): (value: string) => string {
  if (part === "country") return (value) => regionTitle(value, locale);
  if (part === "language") return (value) => languageTitle(value, locale);
  return (value) => (/^[a-z]+$/.test(value) ? words(value) : value);
}
