import { Button, Select } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { JourneyBody, Schemas } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Pairs } from "@/components/page";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";

type Revision = Schemas["Revision"];
type Move = Schemas["MoveBody"];

interface Props { journey: JourneyBody; from: Revision; revisions: Revision[]; onClose: () => void }

/** Shows what a move would do before it is done; where a step is gone, somebody has to say where its people go. */
export function MovePeople({ journey, from, revisions, onClose }: Props) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const targets = revisions.filter((one) => one.revision !== from.revision);
  const [to, setTo] = useState(targets.find((one) => one.in_force)?.revision ?? targets[0]?.revision ?? from.revision);
  const [steps, setSteps] = useState<Record<string, string>>({});
  const path = `journeys/${encodeURIComponent(journey.key)}/move`;
  const order = { from_revision: from.revision, to_revision: to, steps };
  const open = from.steps.filter((one) => one.becomes === "gone" && !steps[one.step]);
  const planned = useQuery({ queryKey: [path, order], queryFn: () => post<Move>(path, { ...order, dry_run: true }), enabled: open.length === 0, retry: false });
  const done = useMutation({
    mutationFn: () => post<Move>(path, { ...order, dry_run: false }),
    onSuccess: (answer) => {
      say(`${formats.people(answer.people)} went to revision ${to}.`);
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== path });
      onClose();
    },
  });
  const titles = new Map(journey.steps.map((one) => [one.key, one.title]));
  const choices = journey.steps.map((one) => ({ value: one.key, label: one.title }));
  return (
    <Dialog title={`Move people from revision ${from.revision}`} size={560} onClose={onClose}>
      <div style={{ display: "grid", gap: 12 }}>
        <Select label="To revision" data={targets.map((one) => ({ value: String(one.revision), label: `Revision ${one.revision}${one.in_force ? ", in force" : ""}` }))} value={String(to)} onChange={(value) => value && setTo(Number(value))} allowDeselect={false} />
        {from.steps.filter((one) => one.becomes === "gone").map((one) => (
          <Select key={one.step} label={`${formats.people(one.people)} stand at “${one.step}”, which is gone. They go on at`} placeholder="Choose a step" data={choices} value={steps[one.step] ?? null} onChange={(value) => setSteps((before) => ({ ...before, [one.step]: value ?? "" }))} />
        ))}
        {planned.data && (
          <div className="ft-note">
            <Pairs
              rows={[
                ["People", formats.count(planned.data.people)],
                ["Held out who go along", formats.count(planned.data.held_out)],
                ...planned.data.steps.map((one): [string, string] => [titles.get(one.step) ?? one.step, `${formats.people(one.people)} ${one.to === one.step ? "" : `→ ${titles.get(one.to) ?? one.to}, `}${one.asked_anew ? "asked anew now" : "go on waiting"}`]),
              ]}
            />
            {planned.data.notes.map((note) => <p key={note} style={{ margin: "8px 0 0" }}>{note}</p>)}
          </div>
        )}
        {planned.error && <Failed error={planned.error} />}
        {done.error && <Failed error={done.error} />}
        <p className="ft-muted" style={{ margin: 0 }}>It stands in everybody’s path, and can be done the other way round. Sent messages stay sent.</p>
        <div className="ft-actions" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onClose}>Leave them there</Button>
          <Button loading={done.isPending} disabled={!planned.data} onClick={() => done.mutate()}>{planned.data ? `Move ${formats.people(planned.data.people)}` : "Move"}</Button>
        </div>
      </div>
    </Dialog>
  );
}
