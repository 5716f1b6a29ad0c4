import { Button, Checkbox, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Page } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { keyFrom } from "@/segment/key";
import { MATCHES } from "./audience-words";
import "./audience.css";

type Content = Schemas["AudienceContent"];
type Match = NonNullable<Content["match"]>[number];
interface Form { title: string; description: string; channel: string; platform: string; segment: string | null; list_id: string; match: Match[]; split: "offer" | "product" | null; stays: string }
interface Begun { key?: string; revision: number; form: Form }

const NEW: Begun = { revision: 0, form: { title: "", description: "", channel: "ads", platform: "", segment: null, list_id: "", match: ["email"], split: null, stays: "" } };

export function NewAudiencePage() {
  return <Editor begun={NEW} />;
}

export function EditAudiencePage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.audience(key));
  const found = query.data;
  if (!found) return <Page title="Audience" crumb={<Link to="/audiences">Audiences</Link>}><Loaded query={query} rows={8}>{() => null}</Loaded></Page>;
  if (found.kept_by === "files") return <Navigate to="/audiences/$key" params={{ key }} replace />;
  const form: Form = {
    title: found.title, description: found.description ?? "", channel: found.channel, platform: found.platform ?? "", segment: found.segment, list_id: found.list_id ?? "", match: found.match, split: found.split, stays: found.stays ?? "",
  };
  return <Editor key={key} begun={{ key, revision: found.revision, form }} />;
}

function Editor({ begun }: { begun: Begun }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const say = useToast();
  const [form, setForm] = useState(begun.form);
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const channels = useQuery(queries.audiences()).data?.channels ?? [];
  const segments = useQuery(queries.segments()).data?.rows ?? [];
  const key = begun.key ?? keyFrom(form.title);
  const saving = useMutation({
    mutationFn: () => put<Schemas["SavedDocument"]>(`audiences/${encodeURIComponent(key)}`, bodyOf(form), { revision: begun.revision }),
    onSuccess: (saved) => {
      void client.invalidateQueries();
      say(`“${form.title.trim()}” is saved. People join with the next turn.`);
      void navigate({ to: "/audiences/$key", params: { key: saved.key } });
    },
  });
  const missing = form.title.trim() === "" ? "Give the audience a name first." : undefined;
  const problems = saving.error instanceof ApiError ? saving.error.problems : [];
  const wrong = (name: string) => problems.filter((one) => one.path[0] === name).map((one) => asSentence(one.what)).join(" ") || undefined;
  const placed = ["title", "description", "channel", "platform", "segment", "list", "match", "split", "stays"];
  const rest = problems.filter((one) => !placed.includes(String(one.path[0])));
  return (
    <Page
      title={form.title || "New audience"} crumb={<Link to="/audiences">Audiences</Link>} purpose="Who is to be on which list, and by what may the platform know them?"
      actions={<>
        <Button variant="default" component={Link} to={begun.key ? `/audiences/${encodeURIComponent(begun.key)}` : "/audiences"}>Discard</Button>
        <Button loading={saving.isPending} disabled={Boolean(missing)} title={missing} onClick={() => saving.mutate()}>Save the audience</Button>
      </>}
    >
      {saving.isError && problems.length === 0 && <Failed error={saving.error} />}
      {rest.map((one) => <p key={one.what} className="ft-note" data-tone="bad" role="alert">{asSentence(one.what)}</p>)}
      <div className="ft-grid">
        <div className="ft-stack ft-c8">
          <Card title="Who" line><div className="ft-body ft-audienceform">
            <TextInput label="Name" required value={form.title} error={wrong("title")} description={begun.key ? undefined : `Its key becomes ${key || "…"}; lists at the platform are called so too.`} onChange={(event) => set({ title: event.currentTarget.value })} />
            <Textarea label="What it is for" autosize minRows={2} value={form.description} error={wrong("description")} onChange={(event) => set({ description: event.currentTarget.value })} />
            <Select label="Segment that it follows" clearable searchable placeholder="none: journeys put people in" value={form.segment} error={wrong("segment")} data={segments.map((one) => ({ value: one.key, label: one.title }))} onChange={(segment) => set({ segment })} />
            <TextInput label="People stay" placeholder="until a journey takes them out, e.g. 30d" disabled={Boolean(form.segment)} value={form.segment ? "" : form.stays} error={wrong("stays")} description={form.segment ? "Whoever is in the segment stays." : undefined} onChange={(event) => set({ stays: event.currentTarget.value })} />
          </div></Card>
          <Card title="By what the platform may know them" side="only hashed; the less, the better for people" line><div className="ft-body ft-audienceform">
            <Checkbox.Group aria-label="By what the platform may know them" value={form.match} error={wrong("match")} onChange={(match) => set({ match: match as Match[] })}>
              {(Object.entries(MATCHES) as [Match, string][]).map(([name, title]) => <Checkbox key={name} value={name} label={title} mb={8} />)}
            </Checkbox.Group>
          </div></Card>
        </div>
        <div className="ft-stack ft-c4">
          <Card title="Where" line><div className="ft-body ft-audienceform">
            <Select label="Channel" allowDeselect={false} value={form.channel} error={wrong("channel")} data={channels.map((one) => ({ value: one.key, label: `${one.key} (${one.uses})` }))} onChange={(channel) => set({ channel: channel ?? "ads" })} />
            <TextInput label="Platform, for people to read" value={form.platform} error={wrong("platform")} onChange={(event) => set({ platform: event.currentTarget.value })} />
            <TextInput label="Id of a list that is there" placeholder="none: one is made" value={form.list_id} error={wrong("list")} onChange={(event) => set({ list_id: event.currentTarget.value })} />
            <Select label="A list for each" clearable placeholder="one list for all" value={form.split} error={wrong("split")} description="Platforms carry no code of a person's own; a list for each offer can show it." data={[{ value: "offer", label: "offer of the run" }, { value: "product", label: "product of the offer" }]} onChange={(split) => set({ split: split as Form["split"] })} />
          </div></Card>
        </div>
      </div>
    </Page>
  );
}

const bodyOf = (form: Form): Content => ({
  title: form.title.trim(), description: form.description.trim() || null, channel: form.channel, segment: form.segment, platform: form.platform.trim() || null, list_id: form.list_id.trim() || null,
  match: form.match, split: form.split, stays: form.segment ? null : form.stays.trim() || null,
});
