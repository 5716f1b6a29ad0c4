import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Dialog } from "@/components/dialog";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { KINDS, kindOfRequest } from "./words";

type Body = Schemas["RequestBody"];

/** Notes what somebody asked for; the term of 30 days runs from now. */
export function NewRequest({ onClose, onDone }: { onClose: () => void; onDone: (request: string) => void }) {
  const client = useQueryClient();
  const say = useToast();
  const [kind, setKind] = useState<string>("access");
  const [person, setPerson] = useState("");
  const [note, setNote] = useState("");
  const noting = useMutation({
    mutationFn: () => post<Body>("privacy/requests", { kind, person: person.trim(), note: note.trim() }),
    onSuccess: (made) => {
      void client.invalidateQueries();
      say("The request is noted.");
      onDone(made.request);
    },
  });
  return (
    <Dialog onClose={onClose} title="What did they ask for?">
      <form onSubmit={(event) => { event.preventDefault(); noting.mutate(); }} style={{ display: "grid", gap: 12 }}>
        <Select label="They want" allowDeselect={false} data={KINDS.map((one) => ({ value: one, label: kindOfRequest(one) }))} value={kind} onChange={(value) => setKind(value ?? "access")} />
        <TextInput label="Who" description="An identifier: email:ann@shop.example, user_id:17 or the value alone" required maxLength={2000} value={person} onChange={(event) => setPerson(event.currentTarget.value)} data-autofocus />
        <Textarea label="Note" description="How it came, and what exactly they wrote" autosize minRows={2} maxLength={10_000} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {noting.isError && <Failed error={noting.error} />}
        <div className="ft-actions" style={{ justifyContent: "flex-end" }}><Button variant="default" onClick={onClose}>Leave it</Button><Button type="submit" disabled={!person.trim()} loading={noting.isPending}>Note the request</Button></div>
      </form>
    </Dialog>
  );
}
