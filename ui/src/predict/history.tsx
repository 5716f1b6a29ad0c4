import { Button, Checkbox } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Badge, Card, Pairs } from "@/components/page";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { Checks } from "./checks";
import { Compared } from "./compared";
import { nameOfMetric } from "./quality";
import { mainMetrics, QualityOverTime } from "./quality-over-time";
import { WorkBar } from "./work";

type Body = Schemas["PredictionBody"];
type Run = Schemas["RunRow"];

/** Every training, how good each was and what has moved since; making it anew, and the way back. */
export function History({ prediction }: { prediction: Body }) {
  const query = useQuery(queries.predictionRuns(prediction.key));
  return (
    <>
      <WorkBar prediction={prediction.key} isTrained={prediction.trained_as_of !== null} />
      {prediction.trained_as_of !== null && <Checks prediction={prediction.key} />}
      <Loaded query={query} rows={6}>
        {(runs) => (
          <>
            <QualityOverTime runs={runs.rows} />
            <Trainings prediction={prediction} runs={runs.rows} />
            {runs.decisions.length > 0 && <Decisions decisions={runs.decisions} />}
          </>
        )}
      </Loaded>
    </>
  );
}

function Trainings({ prediction, runs }: { prediction: Body; runs: Run[] }) {
  const formats = useFormats();
  const [chosen, setChosen] = useState<number[]>([]);
  const [wanted, setWanted] = useState<Run | null>(null);
  const done = runs.filter((run) => run.state === "done");
  const toggle = (run: number) => setChosen((before) => (before.includes(run) ? before.filter((one) => one !== run) : [...before, run].slice(-2)));
  return (
    <>
      <Card title="Trainings" side={done.length > 1 ? "choose two to compare" : formats.plural(runs.length, "training", "trainings")} line>
        {runs.length === 0 ? <p className="ft-muted" style={{ padding: 14 }}>No training so far.</p> : (
          <Table
            label="Trainings" rows={runs} rowKey={(run) => String(run.run)}
            columns={[
              {
                name: "as_of", title: "Data to",
                cell: (run) => (
                  <span style={{ display: "inline-flex", gap: 10, alignItems: "center" }}>
                    {done.length > 1 && run.state === "done" && <Checkbox size="xs" aria-label={`Compare training ${run.run}, data to ${formats.instant(run.as_of)}`} checked={chosen.includes(run.run)} onChange={() => toggle(run.run)} />}
                    <span>{formats.instant(run.as_of)}{run.error && <span className="two ft-bad">{run.error}</span>}{run.held_back && <span className="two ft-warn">{run.held_back}</span>}</span>
                  </span>
                ),
              },
              { name: "reason", title: "Why", cell: (run) => run.reason },
              ...mainMetrics(runs).map((metric) => ({ name: metric, title: nameOfMetric(metric), number: true, cell: (run: Run) => formats.number(run.horizons[0]?.metrics[metric], 3) })),
              { name: "model", title: "Model", cell: (run) => <span className="ft-mono">{run.model ?? "–"}</span> },
              { name: "state", title: "State", key: true, cell: (run) => <State run={run} /> },
              { name: "use", title: "Way back", number: true, cell: (run) => (run.state === "done" && !run.in_use && run.model ? <Button variant="default" size="xs" data-size="xs" leftSection={<IconArrowBackUp size={14} stroke={1.7} aria-hidden />} onClick={() => setWanted(run)}>Put in use</Button> : null) },
            ]}
          />
        )}
      </Card>
      {chosen.length === 2 && <Compared prediction={prediction.key} runs={chosen as [number, number]} />}
      {wanted && <PutInUse prediction={prediction} run={wanted} now={runs.find((run) => run.in_use)} onClose={() => setWanted(null)} />}
    </>
  );
}

function State({ run }: { run: Run }) {
  if (run.state !== "done") return <Badge tone={run.state === "failed" ? "bad" : "warn"}>{run.state === "failed" ? "failed" : "not finished"}</Badge>;
  if (run.in_use) return <Badge tone="good">in use</Badge>;
  return run.held_back ? <Badge tone="warn">held back</Badge> : <Badge>kept</Badge>;
}

/** The model that scores from now on; nothing is trained and nothing is lost. */
function PutInUse({ prediction, run, now, onClose }: { prediction: Body; run: Run; now?: Run; onClose: () => void }) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const deciding = useMutation({
    mutationFn: () => post<Schemas["DecisionRow"]>(`predictions/${encodeURIComponent(prediction.key)}/activate`, { model: run.model ?? "" }),
    onSuccess: () => {
      void client.invalidateQueries();
      say(`The model of the data to ${formats.day(run.as_of)} is in use.`);
      onClose();
    },
  });
  const [metric] = mainMetrics([run]);
  return (
    <Confirm
      opened title={`Put the model of the data to ${formats.day(run.as_of)} in use?`} busy={deciding.isPending} error={deciding.error ?? undefined}
      consequences={[
        ["In use now", now ? `the model of the data to ${formats.day(now.as_of)}` : "none"],
        ...(metric ? [[nameOfMetric(metric), `${formats.number(now?.horizons[0]?.metrics[metric], 3)} now, ${formats.number(run.horizons[0]?.metrics[metric], 3)} then`] as [string, string]] : []),
        ["People scored", formats.people(prediction.scores[0]?.people ?? 0)],
        ...(run.held_back ? [["It was held back", run.held_back] as [string, string]] : []),
      ]}
      undo="Scores come from it from the next scoring on. Scores that are stored stay as they are, and the other model can be put in use again." verb="Put it in use" keep="Keep the one in use"
      onConfirm={() => deciding.mutate()} onClose={onClose}
    />
  );
}

function Decisions({ decisions }: { decisions: Schemas["DecisionRow"][] }) {
  const formats = useFormats();
  return (
    <Card title="Decided by hand" side={formats.plural(decisions.length, "decision", "decisions")}>
      <div className="ft-body"><Pairs left rows={decisions.map((one): [string, string] => [formats.instant(one.decided_at), `${one.made_by} ${one.does === "rollback" ? "went back to" : "put in use"} ${one.model}`])} /></div>
    </Card>
  );
}
