import { Card } from "@/components/page";
import { Empty } from "@/components/states";
import { IconUsers } from "@tabler/icons-react";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { judged, type Body } from "./map-words";

type Group = Body["groups"][number];

/** How each segment or persona goes through the stages. */
export function MapGroups({ body }: { body: Body }) {
  const formats = useFormats();
  const stages: Column<Group>[] = body.stages.map((stage) => ({
    name: stage.key,
    title: stage.title,
    number: true,
    key: stage === body.stages[body.stages.length - 1],
    cell: (row) => {
      const going = row.going[stage.key];
      return (
        <>
          {formats.count(row.people[stage.key])}
          {going?.share && <span className="two">{formats.share(going.share.value, judged(going))} go on ({formats.interval(going.share.low, going.share.high, "rate")})</span>}
        </>
      );
    },
  }));
  return (
    <Card title={`By ${body.by}`} side="people at the stage, and the share that goes on with its 90 % interval">
      {body.groups.length === 0
        ? <Empty icon={IconUsers} title={`No ${body.by}s yet`}>{body.by === "persona" ? "Find personas first; they need people with some history." : "Write a segment first."}</Empty>
        : <Table label={`By ${body.by}`} columns={[{ name: "group", title: words(body.by), cell: (row) => row.title }, ...stages]} rows={body.groups} rowKey={(row) => row.key} />}
    </Card>
  );
}
