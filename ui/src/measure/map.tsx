import { Button, Select } from "@mantine/core";
import { IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { useAddress } from "@/components/address";
import { Card, Page, Strip, type Fact } from "@/components/page";
import { sinceOf } from "@/components/period";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { MapGrid } from "./map-grid";
import { MapGroups } from "./map-groups";
import { MapPanel } from "./map-panel";
import { MapReading } from "./map-reading";
import { MapTable } from "./map-table";
import { goingWords, isReal, type Body } from "./map-words";
import "./map.css";

const WINDOWS = [["", "As the map says"], ["28", "Last 28 days"], ["90", "Last 90 days"], ["180", "Last 180 days"], ["365", "Last 365 days"]] as const;

/** A map: stages with people and who goes on, feeling, and what people meet, lane by lane. */
export function MapPage() {
  const key = useParams({ strict: false }).key ?? "";
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const segments = useQuery(queries.segments());
  const asked = { from: sinceOf(address.days, formats.setting.now), segment: address.segment };
  const query = useQuery(queries.map(key, { ...asked, by: address.by }));
  const table = address.view === "table";
  return (
    <Page
      title={query.data?.title ?? "Journey map"}
      crumb={<Link to="/maps">Journey maps</Link>}
      purpose={query.data?.description}
      actions={
        <Button variant="default" aria-pressed={table} leftSection={<IconTable size={15} stroke={1.7} aria-hidden />} onClick={() => setAddress({ view: table ? undefined : "table" })}>{table ? "As a map" : "As a table"}</Button>
      }
    >
      <div className="ft-filters">
        <Select aria-label="Window" size="xs" w={170} allowDeselect={false} data={WINDOWS.map(([value, label]) => ({ value, label }))} value={address.days ?? ""} onChange={(days) => setAddress({ days: days || undefined })} />
        <Select aria-label="Segment" size="xs" w={230} clearable searchable placeholder="Everybody" data={(segments.data?.rows ?? []).map((one) => ({ value: one.key, label: one.title }))} value={address.segment ?? null} onChange={(segment) => setAddress({ segment: segment ?? undefined })} />
        <Select aria-label="Beside" size="xs" w={190} clearable placeholder="Not split" data={[{ value: "segment", label: "Segments beside" }, { value: "persona", label: "Personas beside" }]} value={address.by ?? null} onChange={(by) => setAddress({ by: by ?? undefined })} />
      </div>
      <Loaded query={query} rows={10} what="Looking who stood where in two windows">
        {(body) => (
          <>
            <Facts body={body} />
            <div className="ft-panelgrid" data-open={Boolean(address.at)}>
              <div className="ft-stack">
                {table ? <MapTable body={body} /> : <><MapGrid body={body} /><MapReading body={body} /></>}
                {body.by && <MapGroups body={body} />}
                {body.notes.length > 0 && <Card title="Beside the numbers"><ul className="ft-mapnotes">{body.notes.map((note) => <li key={note}>{note}</li>)}</ul></Card>}
              </div>
              {address.at && <MapPanel key={address.at} body={body} asked={asked} onClose={() => setAddress({ at: undefined, what: undefined, page: undefined })} />}
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The answer first: where most people stop, and what has changed. */
function Facts({ body }: { body: Body }) {
  const formats = useFormats();
  const told = body.stages.filter((stage) => stage.going.share);
  const least = [...told].sort((one, other) => (one.going.share?.value ?? 0) - (other.going.share?.value ?? 0))[0];
  const changed = told.filter(isReal);
  const last = body.stages[body.stages.length - 1];
  const skipping = [...body.stages].sort((one, other) => other.missed - one.missed)[0];
  const facts: Fact[] = [
    { label: "Fewest go on from", value: least ? least.title : "Not yet", note: least ? goingWords(least.going, formats) : "too few people came to any stage in the window" },
    { label: "Real changes", value: formats.count(changed.length), note: changed.length ? changed.map((stage) => stage.title).join(", ") : "going on is as in the window before, or the difference may be chance" },
    { label: "Left out most often", value: skipping && skipping.missed > 0 ? skipping.title : "None", note: skipping && skipping.missed > 0 ? `${formats.people(skipping.missed)} further along without it` : "nobody is further along without a stage" },
    { label: last?.title ?? "", value: formats.count(last?.people), note: `people at the last stage, ${formats.count(last?.people_before)} at the begin` },
    { label: "Window", value: `${formats.day(body.since)} – ${formats.day(body.until)}`, note: body.segment ? "people of one segment" : body.of === "known" ? "people with a known identifier" : "everybody, anonymous ones too" },
  ];
  return <Strip facts={facts} />;
}
