import { Button } from "@mantine/core";
import { IconRefresh, IconSparkles } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ApiError, post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { asSentence } from "@/components/sentence";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";

type Work = Schemas["WorkBody"];
const isOpen = (work: Work | undefined) => work?.state === "waiting" || work?.state === "running";
const DONE: Record<NonNullable<Work["doing"]>, string> = { train: "Trained, and everybody is scored.", score: "Everybody is scored anew.", backtest: "The back-test is done." };

/** How the training or scoring goes, and asking for one. What it changes is read again when it is done. */
export function useWork(key: string) {
  const client = useQueryClient();
  const say = useToast();
  const query = useQuery(queries.predictionWork(key));
  const open = isOpen(query.data);
  const was = useRef(open);
  useEffect(() => {
    const ended = was.current && !open;
    was.current = open;
    if (!ended || !query.data?.doing) return;
    void client.invalidateQueries();
    if (query.data.state === "done") say(DONE[query.data.doing]);
  }, [open, query.data, client, say]);
  const asking = useMutation({
    mutationFn: (doing: "train" | "score") => post<Work>(`predictions/${encodeURIComponent(key)}/${doing}`),
    onSettled: () => void query.refetch(),
  });
  return { work: query.data, open, asking };
}

/** Train and score, with what is being done now; a failure says why in its place. */
export function WorkBar({ prediction, isTrained }: { prediction: string; isTrained: boolean }) {
  const formats = useFormats();
  const { work, open, asking } = useWork(prediction);
  return (
    <section className="ft-card" aria-label="Training">
      <div className="ft-cardhead">
        <h2>{open ? (work?.state === "waiting" ? "Waiting for what was asked for before" : (work?.step ?? "")) : isTrained ? "Make it anew" : "Train it"}</h2>
        <div className="ft-actions">
          {isTrained && <Button variant="default" size="xs" data-size="xs" disabled={open} loading={asking.isPending && asking.variables === "score"} leftSection={<IconRefresh size={14} stroke={1.7} aria-hidden />} onClick={() => asking.mutate("score")}>Score now</Button>}
          <Button variant={isTrained ? "default" : "filled"} size="xs" data-size="xs" disabled={open} loading={asking.isPending && asking.variables === "train"} leftSection={<IconSparkles size={14} stroke={1.7} aria-hidden />} onClick={() => asking.mutate("train")}>{isTrained ? "Train again" : "Train now"}</Button>
        </div>
      </div>
      <div className="ft-body" role="status" style={{ display: "grid", gap: 8 }}>
        {open ? <><div className="ft-progress" data-open="true" aria-hidden><i /></div><p className="ft-muted">{work?.seconds ? `For ${work.seconds < 60 ? `${Math.round(work.seconds)} s` : formats.span(work.seconds * 1000)}. ` : ""}It goes on by itself: you can leave this page.</p></> : (
          <p className="ft-muted">{isTrained ? "A training learns from everything that is complete now; the model in use stays until the new one is there. Scoring uses the model in use." : "It learns from everything that is complete now, is judged on the latest window, and then scores everybody."}</p>
        )}
        {work?.state === "failed" && work.error && <div className="ft-note" data-tone="warn"><b>{asSentence(work.error.what)}</b> {work.error.next_step}</div>}
      </div>
      {asking.error && !(asking.error instanceof ApiError && asking.error.told.code === "AT_WORK") && <div className="ft-body"><Failed error={asking.error} /></div>}
    </section>
  );
}
