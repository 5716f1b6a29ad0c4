import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Badge, Card, Page, Strip } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";

/** Whether the server, its stores and its jobs are well. */
export function HealthPage() {
  const formats = useFormats();
  const query = useQuery({ ...queries.health(), refetchInterval: 10_000 });
  const problems = useQuery(queries.workspace()).data?.problems ?? 0;
  return (
    <Page title="Health" purpose="Does everything work, and what failed last?">
      <Loaded query={query} rows={6}>
        {(health) => (
          <>
            <Strip
              facts={[
                { label: "Server", value: health.ready ? "Ready" : "Not ready", tone: health.ready ? "good" : "bad", note: "takes events and answers" },
                { label: "Stores", value: health.stores ? "Answer" : "Do not answer", tone: health.stores ? "good" : "bad", note: "operational and analytics" },
                { label: "Worker", value: health.worker ? "Runs" : "Does not run", tone: health.worker ? "good" : "bad", note: "journeys, messages, scores" },
                { label: "Waiting events", value: `${formats.count(Math.ceil(health.spool_waiting_bytes / 1024))} kB`, note: "safe on disk, not in the views yet" },
                { label: "Data alerts", value: <Link to="/sources">{formats.count(health.data_alerts)}</Link>, tone: health.data_alerts ? "bad" : undefined, note: health.data_alerts ? "sources that are not as usual" : "all sources as usual, or learning" },
                { label: "Definitions with errors", value: formats.count(problems), tone: problems ? "bad" : undefined, note: problems ? "foretell plan tells what is wrong" : "all in force" },
              ]}
            />
            {health.at_work.length > 0 && (
              <Card title="On Spark now" side={formats.plural(health.at_work.length, "piece of work", "pieces of work")} line>
                <Table
                  label="On Spark now"
                  rows={health.at_work}
                  rowKey={(work) => work.what}
                  columns={[
                    { name: "what", title: "Work", cell: (work) => work.what.charAt(0).toUpperCase() + work.what.slice(1) },
                    { name: "done", title: "Tasks done", number: true, key: true, cell: (work) => (work.known ? `${formats.count(work.done)} of ${formats.count(work.known)}` : "Begins") },
                  ]}
                />
              </Card>
            )}
            <Card title="Jobs of the worker" side={formats.plural(health.jobs.length, "job", "jobs")} line>
              <Table
                label="Jobs"
                rows={health.jobs}
                rowKey={(job) => job.name}
                columns={[
                  { name: "name", title: "Job", cell: (job) => <>{job.name.charAt(0).toUpperCase() + job.name.slice(1)}{job.error && <span className="two ft-bad">{job.error.what}. {job.error.next_step}</span>}</> },
                  { name: "done", title: "Last done", number: true, cell: (job) => formats.ago(job.done_at) },
                  { name: "failures", title: "Failed in a row", number: true, cell: (job) => formats.count(job.failures) },
                  { name: "state", title: "State", key: true, cell: (job) => <Badge tone={job.failures ? "bad" : "good"}>{job.failures ? "Fails" : "Well"}</Badge> },
                ]}
              />
            </Card>
          </>
        )}
      </Loaded>
    </Page>
  );
}
