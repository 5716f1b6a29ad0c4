import { Card } from "@/components/page";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { judged, lengthOf, voiceInterval, voiceValue, type Body, type Stage, type Touchpoint } from "./map-words";

/** Everything that the map shows, as two tables. */
export function MapTable({ body }: { body: Body }) {
  const formats = useFormats();
  const stages = new Map(body.stages.map((stage) => [stage.key, stage.title]));
  const lanes = new Map(body.lanes.map((lane) => [lane.key, lane.title]));
  const met: Column<Touchpoint>[] = [
    { name: "touchpoint", title: "Touchpoint", cell: (row) => row.title },
    { name: "stage", title: "Stage", cell: (row) => stages.get(row.stage) },
    { name: "lane", title: "Lane", cell: (row) => lanes.get(row.lane) },
    { name: "people", title: "People", number: true, key: true, cell: (row) => formats.count(row.people) },
    { name: "before", title: "Before", number: true, cell: (row) => formats.count(row.people_before) },
    { name: "volume", title: "Times", number: true, cell: (row) => formats.count(row.volume) },
    { name: "cases", title: "Open cases", number: true, cell: (row) => formats.count(row.open_cases) },
    { name: "issues", title: "Open issues", number: true, cell: (row) => formats.count(row.open_issues) },
    { name: "said", title: "What they say", cell: (row) => row.voices.map((voice) => `${voice.title} ${voiceValue(voice, formats)} (${voiceInterval(voice, formats)})`).join("; ") || "–" },
  ];
  return (
    <>
      <Card title="Stages"><Table label="Stages" columns={columns(formats)} rows={body.stages} rowKey={(row) => row.key} /></Card>
      <Card title="Touchpoints"><Table label="Touchpoints" columns={met} rows={body.touchpoints} rowKey={(row) => row.key} /></Card>
    </>
  );
}

function columns(formats: Formats): Column<Stage>[] {
  const counted = (name: string, title: string, value: (row: Stage) => number): Column<Stage> => ({ name, title, number: true, cell: (row) => formats.count(value(row)) });
  return [
    { name: "stage", title: "Stage", cell: (row) => <>{row.title}<span className="two">{row.says}</span></> },
    { name: "people", title: "People", number: true, key: true, cell: (row) => formats.count(row.people) },
    counted("before", "At the begin", (row) => row.people_before),
    counted("furthest", "No further", (row) => row.furthest),
    counted("missed", "Further without it", (row) => row.missed),
    counted("entered", "Came", (row) => row.going.course.entered),
    counted("next", "Went on", (row) => row.going.course.next),
    counted("skipped", "Skipped the next", (row) => row.going.course.skipped),
    counted("stopped", "Stopped", (row) => row.going.course.stopped),
    counted("not_yet", "Not yet", (row) => row.going.course.not_yet),
    { name: "share", title: "Share going on", number: true, cell: (row) => row.going.share ? `${formats.share(row.going.share.value, judged(row.going))} (${formats.interval(row.going.share.low, row.going.share.high, "rate")})` : row.going.reason === "last" ? "–" : "not yet" },
    { name: "half", title: "Half within", number: true, cell: (row) => row.going.median_hours ? lengthOf(row.going.median_hours.value, formats) : "–" },
    { name: "feeling", title: "Feeling", number: true, cell: (row) => { const voice = row.voices.find((one) => one.measure === "sentiment"); return voice ? voiceValue(voice, formats) : "not yet"; } },
  ];
}
