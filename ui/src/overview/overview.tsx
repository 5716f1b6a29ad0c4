import { Button } from "@mantine/core";
import { IconAlertTriangle, IconChecklist, IconDatabase, IconPhoneCall, IconRefreshAlert } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Move } from "@/components/move";
import { Card, Page } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { KpiCard } from "@/measure/kpi-card";

export function OverviewPage() {
  const query = useQuery(queries.overview());
  const people = useQuery(queries.workspace()).data?.counts.people;
  return (
    <Page title="Overview" purpose="How customers are doing, what changed, and what to do today.">
      <Loaded query={query} rows={12} what="Reading KPIs, predictions and cases">
        {(overview) =>
          people === 0 && overview.tasks.length === 0 ? (
            <div className="ft-card">
              <Empty icon={IconDatabase} title="No data yet">Send the first event or import a file with <code>foretell import</code>; the numbers appear here.</Empty>
            </div>
          ) : (
            <div className="ft-overview" style={{ display: "contents" }}>
              <div className="ft-kpis">{overview.kpis.map((card) => <KpiCard key={card.key} card={card} level={overview.level} />)}</div>
              <div className="ft-grid" data-fill="true">
                <Changes changes={overview.changes} />
                <Tasks tasks={overview.tasks} open={overview.cases_open} />
              </div>
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function Changes({ changes }: { changes: Schemas["Movement"][] }) {
  const formats = useFormats();
  return (
    <Card title="What changed" side="against the period before" line className="ft-c7">
      {changes.length === 0 ? (
        <p className="ft-muted" style={{ padding: "12px 14px" }}>Nothing moved yet: a change needs two whole periods.</p>
      ) : (
        <ul className="ft-rows">
          {changes.map((one) => (
            <li key={one.key} className="ft-task">
              <Move change={one.change} better={one.better} real={one.real ?? true} />
              <div>
                <b><Link to="/kpis/$key" params={{ key: one.key }}>{one.title} {one.change === 0 ? "did not move" : `${one.change > 0 ? "rose" : "fell"} ${formats.change(one.change, one.unit)}`}</Link></b>
                <span>{formats.period(one.period)}{one.share !== null && one.unit !== "rate" && one.unit !== "probability" && `, ${formats.share(Math.abs(one.share))} ${one.change > 0 ? "more" : "less"}`}{" · "}{one.real === true ? "real change" : one.real === false ? "may be chance" : "exact count"}</span>
              </div>
            </li>
          ))}
        </ul>
      )}
      <div className="ft-foot"><Link to="/kpis">All KPIs</Link></div>
    </Card>
  );
}

const SHOWN = 5;
const SIGNS = { case: IconPhoneCall, data: IconDatabase, definition: IconAlertTriangle, worker: IconRefreshAlert };

function Tasks({ tasks, open }: { tasks: Schemas["Task"][]; open: number }) {
  const formats = useFormats();
  return (
    <Card title="To do today" side={formats.plural(open, "open case", "open cases")} line className="ft-c5 ft-first">
      {tasks.length === 0 ? (
        <Empty icon={IconChecklist} title="All done">Nothing waits for a person. Journeys and faults put their tasks here.</Empty>
      ) : (
        <ul className="ft-rows">
          {tasks.slice(0, SHOWN).map((task, index) => {
            const Sign = SIGNS[task.kind];
            return (
              <li key={`${task.link}${task.title}${index}`} className="ft-task">
                <span className="ft-well" data-tone={task.late || task.kind === "worker" || task.kind === "data" ? "bad" : task.kind === "definition" ? "warn" : undefined}><Sign size={16} stroke={1.7} aria-hidden /></span>
                <div>
                  <b>{task.count > 1 ? `${formats.count(task.count)} × ${task.title}` : task.title}</b>
                  <span>
                    <bdi>{task.detail}</bdi>
                    {task.due_at && <> · <span className={task.late ? "ft-bad" : undefined}>{task.late ? "late, was due" : "due"} {formats.due(task.due_at)}</span></>}
                    {task.value ? ` · worth ${formats.money(task.value)}` : ""}
                  </span>
                </div>
                <Button component={Link} to={task.link as "/cases"} size="xs" data-size="xs" variant={index === 0 ? "filled" : "default"}>{task.kind === "case" ? "Open" : "Check"}</Button>
              </li>
            );
          })}
        </ul>
      )}
      {open > 0 && <div className="ft-foot"><Link to="/cases">All open cases</Link></div>}
    </Card>
  );
}
