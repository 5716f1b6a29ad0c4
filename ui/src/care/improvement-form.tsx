import { Button, TagsInput, TextInput, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { signed, useMe } from "./me";

type Body = Schemas["ImprovementBody"];

/** Write down what is done about root causes, or change it. */
export function ImprovementForm({ row, cause, known, onClose }: { row?: Body; cause?: string; known: string[]; onClose: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const me = useMe();
  const [title, setTitle] = useState(row?.title ?? "");
  const [causes, setCauses] = useState<string[]>(row?.root_causes ?? (cause ? [cause] : []));
  const [measure, setMeasure] = useState(row?.measure ?? "");
  const [owner, setOwner] = useState(row?.owner ?? "");
  const [touchpoint, setTouchpoint] = useState(row?.touchpoint ?? "");
  const [since, setSince] = useState(row?.started_at?.slice(0, 10) ?? "");
  const save = useMutation({
    mutationFn: () => post<Body>(row ? `feedback/loop/improvements/${encodeURIComponent(row.improvement_id)}` : "feedback/loop/improvements", asked()),
    onSuccess: () => {
      for (const name of ["feedback/loop/improvements", "feedback/loop/causes"]) void client.invalidateQueries({ queryKey: [name] });
      say(row ? "Improvement saved." : "Improvement written down.");
      onClose();
    },
  });
  const asked = () => {
    const kept = { title: title.trim(), measure: measure.trim(), root_causes: causes, ...signed(me) };
    const told = { owner: owner.trim(), touchpoint: touchpoint.trim(), started_at: since ? `${since}T00:00:00Z` : "" };
    const given = Object.fromEntries(Object.entries(told).filter(([, value]) => value));
    if (!row) return { ...kept, ...given };
    const clear = Object.entries(told).filter(([name, value]) => !value && row[name as keyof typeof told]).map(([name]) => name);
    return { ...kept, ...given, clear, version: row.version };
  };
  return (
    <Dialog title={row ? row.title : "Write down an improvement"} size={520} onClose={onClose}>
      <form className="ft-stack" style={{ gap: 10 }} onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
        <TextInput label="What gets better" required maxLength={300} value={title} onChange={(event) => setTitle(event.currentTarget.value)} data-autofocus />
        <TagsInput label="Root causes" description="Of the cases that it is to take away." data={known} value={causes} onChange={setCauses} />
        <Textarea label="What is done" autosize minRows={2} value={measure} onChange={(event) => setMeasure(event.currentTarget.value)} />
        <TextInput label="Owner" maxLength={200} value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
        <TextInput label="Touchpoint" description="Where answers should get better; left empty, everywhere." maxLength={200} value={touchpoint} onChange={(event) => setTouchpoint(event.currentTarget.value)} />
        <TextInput type="date" label="In place since" description="Left empty, it is planned." value={since} onChange={(event) => setSince(event.currentTarget.value)} />
        {save.isError && <Failed error={save.error} />}
        <div className="ft-actions" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onClose}>Keep it as it is</Button>
          <Button type="submit" loading={save.isPending} disabled={!title.trim() || causes.length === 0}>{row ? "Save the improvement" : "Write it down"}</Button>
        </div>
      </form>
    </Dialog>
  );
}
