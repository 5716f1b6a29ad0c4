import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconDoorExit, IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconUserSearch } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { JourneyBody } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

type Verb = "start" | "pause" | "drain" | "stop";

const SAYS: Record<Verb, { verb: string; undo: string }> = {
  start: { verb: "Start", undo: "You can pause it at any time. Sent messages stay sent." },
  pause: { verb: "Pause", undo: "You can start it again at any time. Sent messages stay sent." },
  drain: { verb: "Drain", undo: "You can start it again at any time; then people enter again." },
  stop: { verb: "Stop", undo: "This cannot be undone for those who are inside: they do not come back where they were." },
};

/** Start, pause, drain or stop, after saying what that does; and the way to a test. */
export function Running({ journey, onTest }: { journey: JourneyBody; onTest: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const [asking, setAsking] = useState<Verb>();
  const change = useMutation({
    mutationFn: (verb: Verb) => post<{ state: string }>(`journeys/${encodeURIComponent(journey.key)}/${verb}`),
    onSuccess: (answer) => {
      setAsking(undefined);
      say(`${journey.title} is ${words(answer.state).toLowerCase()}.`);
      void client.invalidateQueries();
    },
  });
  const moving = journey.state === "live" || journey.state === "draining";
  const first: Verb = moving ? "pause" : "start";
  const ask = (verb: Verb) => { change.reset(); setAsking(verb); };
  const rows = useConsequences(journey, asking);
  return (
    <>
      <Button variant="default" leftSection={<IconUserSearch size={16} stroke={1.7} aria-hidden />} onClick={onTest}>Test with a person</Button>
      {(moving || journey.state === "paused") && (
        <Menu position="bottom-end">
          <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={15} stroke={1.7} aria-hidden />}>End it</Button></Menu.Target>
          <Menu.Dropdown>
            {journey.state !== "draining" && <Menu.Item leftSection={<IconDoorExit size={15} stroke={1.7} aria-hidden />} onClick={() => ask("drain")}>Drain: nobody enters, those inside go on</Menu.Item>}
            <Menu.Item color="red" leftSection={<IconPlayerStop size={15} stroke={1.7} aria-hidden />} onClick={() => ask("stop")}>Stop: end it for everybody now</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      <Button variant={moving ? "default" : "filled"} leftSection={moving ? <IconPlayerPause size={16} stroke={1.7} aria-hidden /> : <IconPlayerPlay size={16} stroke={1.7} aria-hidden />} onClick={() => ask(first)}>{SAYS[first].verb}</Button>
      {asking && (
        <Confirm
          opened
          title={`${SAYS[asking].verb} ${journey.title}?`}
          consequences={rows}
          undo={SAYS[asking].undo}
          verb={`${SAYS[asking].verb} journey`}
          keep={`Leave it ${words(journey.state).toLowerCase()}`}
          busy={change.isPending}
          error={change.error}
          onConfirm={() => change.mutate(asking)}
          onClose={() => setAsking(undefined)}
        />
      )}
    </>
  );
}

function useConsequences(journey: JourneyBody, verb: Verb | undefined): [string, string][] {
  const formats = useFormats();
  const inside: [string, string] = ["People in it now", formats.count(journey.active)];
  if (verb === "pause") return [inside, ["New people", "do not enter"], ["Steps that are due", "wait until it runs again"]];
  if (verb === "drain") return [inside, ["They", "go on to their end"], ["New people", "do not enter"]];
  if (verb === "stop") return [inside, ["They", "end where they are"], ["Messages that are not sent yet", "are taken back"], ["The goal", "is still counted, for both arms"]];
  const messages = journey.steps.filter((step) => step.kind === "send" || step.kind === "survey").length;
  return [["Who enters", journey.enter.says], ["Messages a person can get", `up to ${formats.count(messages)}`], ["Held out, gets nothing", formats.share(journey.holdout, 1)], ["People waiting inside", formats.count(journey.active)]];
}
