import { Button, Select, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { PersonLink } from "@/components/person-link";
import { Failed } from "@/components/states";
import { Card } from "@/components/page";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { NOTE_KINDS } from "./persona-words";

type Note = Schemas["NoteBody"];

/** What the team knows: each with who and when; nothing is overwritten. */
export function Notes({ persona }: { persona: Schemas["PersonaBody"] }) {
  return (
    <Card title="Notes" side="who and when is kept, changes too" line>
      <div className="ft-body ft-form" style={{ paddingTop: 12 }}>
        {persona.notes.length === 0 && <p className="ft-muted">No notes yet.</p>}
        {persona.notes.map((note) => <NoteLine key={note.note_id} note={note} />)}
        <Add persona={persona} />
      </div>
    </Card>
  );
}

function NoteLine({ note }: { note: Note }) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const remove = useMutation({
    mutationFn: () => post<Note>(`personas/notes/${encodeURIComponent(note.note_id)}`, { removed: true }),
    onSuccess: () => {
      void client.invalidateQueries();
      say("Note taken away.");
    },
  });
  return (
    <div className="ft-saying">
      <p dir="auto">{note.text}</p>
      <p className="ft-muted ft-small">
        {NOTE_KINDS.find((one) => one.value === note.kind)?.label} · {note.by}, {formats.instant(note.at)}
        {note.profile_id && <> · from <PersonLink id={note.profile_id} name={note.person} /></>}
        {note.history.length > 1 && ` · ${formats.plural(note.history.length - 1, "change", "changes")}`}{" "}
        <button type="button" className="ft-link ft-small ft-noprint" onClick={() => remove.mutate()}>Take away<span className="ft-sr"> {note.text.slice(0, 40)}</span></button>
      </p>
      {remove.isError && <Failed error={remove.error} />}
    </div>
  );
}

function Add({ persona }: { persona: Schemas["PersonaBody"] }) {
  const client = useQueryClient();
  const say = useToast();
  const [text, setText] = useState("");
  const [kind, setKind] = useState<string>("note");
  const [person, setPerson] = useState<string | null>(null);
  const people = [...new Map(persona.interviews.map((one) => [one.profile_id, one.person ?? one.profile_id]))].map(([value, label]) => ({ value, label }));
  const add = useMutation({
    mutationFn: () => post<Note>(`personas/${encodeURIComponent(persona.key)}/notes`, { text: text.trim(), kind, profile_id: person }),
    onSuccess: () => {
      setText("");
      void client.invalidateQueries();
      say("Noted.");
    },
  });
  return (
    <form className="ft-form ft-noprint" onSubmit={(event) => { event.preventDefault(); if (text.trim()) add.mutate(); }}>
      <Textarea label="Add a note" placeholder="What you learnt, in their words where you can" autosize minRows={2} value={text} onChange={(event) => setText(event.currentTarget.value)} />
      <div className="ft-filters">
        <Select label="It is a" allowDeselect={false} data={[...NOTE_KINDS]} value={kind} onChange={(next) => next && setKind(next)} />
        <Select label="From the interview with" placeholder="nobody" clearable data={people} value={person} onChange={setPerson} />
      </div>
      {add.isError && <Failed error={add.error} />}
      <div><Button type="submit" disabled={!text.trim()} loading={add.isPending}>Add the note</Button></div>
    </form>
  );
}
