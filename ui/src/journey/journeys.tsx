import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlus, IconRoute } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Badge, Page, type Tone } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { Drafts } from "./drafts";
import type { Lift, LiftArm } from "./lift";
import { liftWords } from "./lift-words";

const TONES: Record<string, Tone> = { live: "good", draft: "warn", draining: "warn" };

export const StateBadge = ({ state }: { state: string }) => <Badge tone={TONES[state]}>{words(state)}</Badge>;

export function JourneysPage() {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const query = useQuery(queries.journeys());
  return (
    <Page title="Journeys" purpose="What runs, and does it help?" actions={<Button component={Link} to="/journeys/new" leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />}>New journey</Button>}>
      <Loaded query={query} rows={5}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0 ? <Empty icon={IconRoute} title="No journeys yet" action={<Button component={Link} to="/journeys/new">New journey</Button>}>A journey reacts to what one person does, for example a mail and a call when churn probability reaches 70 %. Take a ready one here, or keep one as a file in the folder journeys.</Empty> : (
              <Table
                label="Journeys"
                rows={rows}
                rowKey={(row) => row.key}
                columns={[
                  { name: "title", title: "Journey", cell: (row) => <><Link to="/journeys/$key" params={{ key: row.key }}>{row.title}</Link>{phone && <span className="two">{words(row.state)} · {formats.count(row.active)} in it now</span>}</> },
                  { name: "state", title: "State", cell: (row) => <StateBadge state={row.state} /> },
                  { name: "entered", title: "Entered", number: true, cell: (row) => formats.count(row.entered) },
                  { name: "active", title: "In it now", number: true, cell: (row) => <b>{formats.count(row.active)}</b> },
                  { name: "goal", title: "Goal, in the journey", number: true, cell: (row) => <ArmShare arm={row.lift.treated} /> },
                  { name: "goal_held", title: "Goal, held out", number: true, cell: (row) => <ArmShare arm={row.lift.held_out} /> },
                  { name: "lift", title: "Lift", number: true, key: true, cell: (row) => <LiftCell lift={row.lift} /> },
                  { name: "changed", title: "Since", number: true, cell: (row) => formats.day(row.changed_at) },
                ]}
              />
            )}
            {rows.length > 0 && <div className="ft-foot">Judged are people whose time to reach the goal is over; goal and lift count only them.</div>}
          </div>
        )}
      </Loaded>
      <Drafts />
    </Page>
  );
}

/** The share of an arm that reached the goal, of those whose time is over. */
function ArmShare({ arm }: { arm: LiftArm }) {
  const formats = useFormats();
  if (arm.people === 0) return <>–</>;
  return <>{formats.share(arm.share, arm.people)} <span className="ft-muted ft-small">of {formats.count(arm.people)} judged</span></>;
}

function LiftCell({ lift }: { lift: Lift }) {
  const formats = useFormats();
  const told = liftWords(lift, formats);
  if (!told) return <span className="ft-muted" title={lift.verdict}>{lift.answer === "cannot answer" ? "cannot be told" : "lift not yet"}</span>;
  return <span title={lift.verdict}><b className={told.tone === "rest" ? "ft-muted" : `ft-${told.tone}`}>{told.value}</b> <span className="ft-muted ft-small">{told.interval}</span></span>;
}
