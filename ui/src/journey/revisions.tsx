import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { JourneyBody, Schemas } from "@/api/types";
import { Badge, Card, type Tone } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { IconVersions } from "@tabler/icons-react";
import { MovePeople } from "./move-people";

type Revision = Schemas["Revision"];

const BECOMES: Record<string, { says: string; tone?: Tone }> = {
  same: { says: "the same" }, changed: { says: "changed", tone: "warn" }, gone: { says: "gone", tone: "bad" }, "": { says: "–" },
};

/** Who is on which revision and where they stand; people stay on theirs until somebody moves them. */
export function Revisions({ journey }: { journey: JourneyBody }) {
  const query = useQuery(queries.journeyRevisions(journey.key));
  const [moving, setMoving] = useState<Revision>();
  return (
    <Loaded query={query} rows={6}>
      {({ rows }) => (
        <>
          {rows.length === 0 && <Card title="Revisions"><Empty icon={IconVersions} title="Not applied yet">Apply the journey’s document: then its first revision is in force.</Empty></Card>}
          {rows.map((one) => <RevisionCard key={one.revision} revision={one} journey={journey} onMove={rows.length > 1 && one.inside + one.held_out > 0 && !one.in_force ? () => setMoving(one) : undefined} />)}
          {moving && <MovePeople journey={journey} from={moving} revisions={rows} onClose={() => setMoving(undefined)} />}
        </>
      )}
    </Loaded>
  );
}

function RevisionCard({ revision, journey, onMove }: { revision: Revision; journey: JourneyBody; onMove?: () => void }) {
  const formats = useFormats();
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  return (
    <Card
      title={`Revision ${formats.count(revision.revision)}`}
      side={<>{revision.in_force && <Badge tone="good">In force</Badge>} {revision.stranded > 0 && <Badge tone="bad">{`${formats.people(revision.stranded)} at a step that is gone`}</Badge>} {onMove && <Button size="xs" variant="default" rightSection={<IconArrowRight size={14} stroke={1.7} aria-hidden />} onClick={onMove}>Move people</Button>}</>}
    >
      <div className="ft-body ft-muted">{`Applied ${formats.instant(revision.made_at)}. ${formats.people(revision.inside)} inside, ${formats.count(revision.held_out)} held out whose goal still counts.`}</div>
      {revision.steps.length > 0 && (
        <Table
          label={`Steps of revision ${revision.revision}`}
          rows={revision.steps}
          rowKey={(step) => step.step}
          columns={[
            { name: "step", title: "They stand at", cell: (step) => titles.get(step.step) ?? step.step },
            { name: "people", title: "People", number: true, key: true, cell: (step) => <b>{formats.count(step.people)}</b> },
            { name: "becomes", title: "In the revision in force", cell: (step) => { const told = BECOMES[step.becomes] ?? { says: step.becomes }; return revision.in_force ? <span className="ft-muted">–</span> : <Badge tone={told.tone}>{told.says}</Badge>; } },
          ]}
        />
      )}
    </Card>
  );
}
