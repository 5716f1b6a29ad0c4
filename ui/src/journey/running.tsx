import { Button } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { JourneyBody, Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";

/** Start or pause, after saying what that does. */
export function Running({ journey }: { journey: JourneyBody }) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const [asking, setAsking] = useState(false);
  const live = journey.state === "live";
  const change = useMutation({
    mutationFn: () => post<Schemas["JourneyChanged"]>(`journeys/${encodeURIComponent(journey.key)}/${live ? "pause" : "start"}`),
    onSuccess: (answer) => {
      setAsking(false);
      say(`${journey.title} is ${answer.state}.`);
      void client.invalidateQueries();
    },
  });
  const messages = journey.steps.filter((step) => step.kind === "send").length;
  const rows: [string, string][] = live
    ? [["People in it now", formats.count(journey.active)], ["New people", "do not enter"], ["Steps that are due", "wait until it runs again"]]
    : [["Who enters", journey.enter.says], ["Messages a person can get", `up to ${formats.count(messages)}`], ["Held out, gets nothing", formats.share(journey.holdout, 1)], ["People waiting inside", formats.count(journey.active)]];
  return (
    <>
      <Button variant={live ? "default" : "filled"} leftSection={live ? <IconPlayerPause size={16} stroke={1.7} /> : <IconPlayerPlay size={16} stroke={1.7} />} onClick={() => { change.reset(); setAsking(true); }}>{live ? "Pause" : "Start"}</Button>
      <Confirm
        opened={asking}
        title={`${live ? "Pause" : "Start"} ${journey.title}?`}
        consequences={rows}
        undo={live ? "You can start it again at any time. Sent messages stay sent." : "You can pause it at any time. Sent messages stay sent."}
        verb={live ? "Pause journey" : "Start journey"}
        keep={live ? "Keep it running" : `Keep it ${journey.state === "draft" ? "a draft" : "paused"}`}
        busy={change.isPending}
        error={change.error}
        onConfirm={() => change.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
