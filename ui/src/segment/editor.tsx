import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { ConditionBuilder } from "@/condition/builder";
import type { Fault } from "@/condition/context";
import { useEdited } from "@/condition/history";
import { DEBOUNCE_MS, usePreview, type Preview } from "@/condition/preview";
import { useVocabulary } from "@/condition/use-vocabulary";
import { YamlTab } from "@/condition/yaml-tab";
import { placeOf, same, type Json } from "@/condition/written";
import { fromYaml } from "@/condition/yaml";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { personColumns } from "@/profile/people";
import { DraftHistory } from "./history";
import { keyFrom } from "./key";
import "./segment.css";

type Body = Schemas["SegmentBody"];
type Problem = Schemas["ConditionProblem"];

interface Begun { key?: string; revision: number; title: string; description: string; of: "known" | "all"; owner: string; review: string; review_every: string; condition: Json }

const NEW: Begun = { revision: 0, title: "", description: "", of: "known", owner: "", review: "", review_every: "3mo", condition: null };

const FIELDS = ["title", "description", "of", "owner", "review", "review_every"] as const;

const begunFrom = (segment: Body): Begun => ({
  key: segment.key, revision: segment.revision, title: segment.title, description: segment.description ?? "", of: segment.of, owner: segment.owner ?? "", review: segment.review ?? "", review_every: segment.review_every, condition: segment.condition as Json,
});

/** A new segment: from nothing, from another one (`copy`), from two (`both`), or from a condition that was found. */
export function NewSegmentPage() {
  const [address] = useAddress();
  const copied = useQuery({ ...queries.segment(address.copy ?? ""), enabled: Boolean(address.copy) });
  if (address.copy) {
    return copied.data ? <Editor begun={{ ...begunFrom(copied.data), key: undefined, revision: 0, title: `${copied.data.title}, copy` }} /> : <Page title="New segment" crumb={<Link to="/segments">Segments</Link>}><Loaded query={copied} rows={8}>{() => null}</Loaded></Page>;
  }
  const both = address.both?.split(",").filter(Boolean);
  const condition: Json = both?.length ? { all: both.map((segment) => ({ segment })) } : address.condition ? (fromYaml(address.condition).value ?? null) : null;
  return <Editor begun={{ ...NEW, condition, description: address.about ?? "" }} />;
}

export function EditSegmentPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.segment(key));
  if (query.data?.kept_by === "files") return <Navigate to="/segments/$key" params={{ key }} search={{ tab: "condition" } as never} replace />;
  return query.data ? <Editor key={key} begun={begunFrom(query.data)} /> : <Page title="Segment" crumb={<Link to="/segments">Segments</Link>}><Loaded query={query} rows={8}>{() => null}</Loaded></Page>;
}

function Editor({ begun }: { begun: Begun }) {
  const formats = useFormats();
  const navigate = useNavigate();
  const client = useQueryClient();
  const say = useToast();
  const [form, setForm] = useState(begun);
  const edited = useEdited(begun.condition);
  const preview = usePreview(edited.value, form.of);
  const vocabulary = useVocabulary();
  const counts = useQuery(queries.workspace()).data?.counts;
  const everyone = counts && counts.people + (form.of === "all" ? counts.anonymous : 0);
  const key = begun.key ?? keyFrom(form.title);
  const changed = !same(edited.value, begun.condition) || FIELDS.some((name) => form[name] !== begun[name]);
  const saving = useMutation({
    // The revision that was opened, so that nobody's change of the meantime is written over.
    mutationFn: () => put<Schemas["SavedDocument"]>(`segments/${encodeURIComponent(key)}`, bodyOf(form, edited.value), { revision: begun.revision }),
    onSuccess: (saved) => {
      client.removeQueries({ queryKey: [`segments/${encodeURIComponent(saved.key)}`] });
      void client.invalidateQueries();
      const total = preview.told.stale ? null : preview.answer?.total;
      say(`“${form.title.trim()}” is saved${typeof total === "number" ? `, ${formats.people(total)}` : ""}.`);
      void navigate({ to: "/segments/$key", params: { key: saved.key } });
    },
  });
  const refused = saving.error instanceof ApiError ? saving.error.problems : NONE;
  const told = useMemo(() => ({ ...preview.told, faults: [...preview.told.faults, ...faultsOf(refused, preview.told.faults)] }), [preview.told, refused]);
  const missing = form.title.trim() === "" ? "Give the segment a name first." : edited.value === null ? "Add a condition first." : undefined;
  return (
    <Page
      title={form.title || "New segment"} crumb={<Link to="/segments">Segments</Link>} purpose={form.description || "Who exactly, and how many?"} badges={changed ? <Badge tone="warn">Draft</Badge> : undefined}
      actions={
        <>
          <Button variant="default" component={Link} to={begun.key ? `/segments/${encodeURIComponent(begun.key)}` : "/segments"}>Discard</Button>
          <Button loading={saving.isPending} disabled={Boolean(missing)} title={missing} onClick={() => saving.mutate()}>Save and keep fresh</Button>
        </>
      }
    >
      {saving.isError && <Failed error={saving.error} />}
      <div className="ft-grid">
        <div className="ft-stack ft-c8">
          <ConditionBuilder edited={edited} vocabulary={vocabulary} told={told} everyone={everyone === undefined ? undefined : `Everyone: ${formats.people(everyone)}.`} />
          <Parts preview={preview} value={edited.value} of={form.of} onChange={edited.change} />
        </div>
        <div className="ft-stack ft-c4">
          <Now preview={preview} of={form.of} />
          <Details form={form} fixed={begun.key !== undefined} keyTold={key} onChange={(change) => setForm({ ...form, ...change })} />
        </div>
      </div>
    </Page>
  );
}

const bodyOf = (form: Begun, condition: Json) => ({
  title: form.title.trim(), description: form.description.trim() || null, of: form.of, owner: form.owner.trim() || null, review: form.review || null, review_every: form.review_every, condition,
});

const NONE: readonly Problem[] = [];

/** What the server refused of the condition, at its place in it, as far as it does not stand there already. */
const faultsOf = (problems: readonly Problem[], there: readonly Fault[]): Fault[] =>
  problems
    .filter((one) => one.path[0] === "condition" && !there.some((fault) => fault.what === one.what && placeOf(fault.path) === placeOf(one.path.slice(1))))
    .map((one) => ({ path: one.path.slice(1), what: one.what, next: one.next_step, warning: one.severity === "warning" }));

/** How many, live: the number before is dimmed while it is counted. */
function Now({ preview, of }: { preview: Preview; of: "known" | "all" }) {
  const formats = useFormats();
  const { answer, told } = preview;
  const isWrong = told.faults.some((fault) => !fault.warning);
  return (
    <Card title="Now in this segment" side={answer?.total !== null && answer && !told.stale ? <Badge tone="good">exact</Badge> : undefined}>
      <div className="ft-body" aria-live="polite" data-stale={told.stale}>
        {answer && answer.total !== null ? (
          <p className="ft-hero"><b>{formats.count(answer.total)}</b><span className="ft-muted">{answer.total === 1 ? "person" : "people"}, {formats.share(answer.share)} of {formats.count(answer.universe)} {of === "known" ? "known people" : "people"}</span></p>
        ) : <p className="ft-muted">{isWrong ? "Not counted: something in the condition is missing or wrong." : preview.busy ? "Counting" : "Everyone, until a condition is there."}</p>}
      </div>
      {Boolean(preview.error) && <div className="ft-body"><Failed error={preview.error} /></div>}
    </Card>
  );
}

function Parts({ preview, value, of, onChange }: { preview: Preview; value: Json; of: "known" | "all"; onChange: (value: Json, tag?: string) => void }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const total = preview.answer?.total;
  const tabs = [["says", "In plain English"], ["members", typeof total === "number" ? `Members, ${formats.count(total)}` : "Members"], ["history", "History"], ["yaml", "YAML"]] as const;
  const [settled] = useDebouncedValue(value, DEBOUNCE_MS);
  const tab = tabs.find(([key]) => key === address.tab)?.[0] ?? "says";
  return (
    <Card>
      <Tabs inset label="The condition" tabs={tabs} chosen={tab} onChoose={(next) => setAddress({ tab: next === "says" ? undefined : next }, true)} />
      {tab === "says" && <p className="ft-body ft-says" style={{ paddingTop: 12 }} data-stale={preview.told.stale}>{preview.answer?.says || <span className="ft-muted">The sentence stands here as soon as the condition is complete.</span>}</p>}
      {tab === "members" && <Sample preview={preview} />}
      {tab === "history" && <div className="ft-inset"><DraftHistory condition={settled} of={of} /></div>}
      {tab === "yaml" && <div className="ft-body" style={{ paddingTop: 12 }}><YamlTab value={value} onChange={onChange} /></div>}
    </Card>
  );
}

function Sample({ preview }: { preview: Preview }) {
  const formats = useFormats();
  const { answer, told } = preview;
  if (!answer || answer.sample.length === 0) return <p className="ft-body ft-muted" style={{ paddingTop: 12 }}>{answer?.total === 0 ? "Nobody matches now." : "Some of the people stand here as soon as the condition is complete."}</p>;
  return (
    <div data-stale={told.stale}>
      <Table label="Some of the people" columns={personColumns(formats, new Map()).filter((column) => ["name", "churn", "clv", "revenue", "last_order"].includes(column.name))} rows={answer.sample} rowKey={(row) => row.profile_id} />
      <div className="ft-foot">{formats.count(answer.sample.length)} of {formats.people(answer.total ?? 0)}, the same ones each time. All of them are on the page of the segment.</div>
    </div>
  );
}

const EVERY = ["1mo", "3mo", "6mo", "1y"];

interface DetailsProps { form: Begun; fixed: boolean; keyTold: string; onChange: (change: Partial<Begun>) => void }

function Details({ form, fixed, keyTold, onChange }: DetailsProps) {
  return (
    <Card title="What is it?">
      <div className="ft-body ft-form">
        <TextInput label="Name" required maxLength={200} value={form.title} onChange={(event) => onChange({ title: event.currentTarget.value })} description={keyTold ? `Key: ${keyTold}${fixed ? "" : ", for good"}` : undefined} />
        <Textarea label="What it is for" autosize minRows={2} maxLength={2000} value={form.description} onChange={(event) => onChange({ description: event.currentTarget.value })} />
        <Select label="Who can be in it" allowDeselect={false} data={[{ value: "known", label: "Known people" }, { value: "all", label: "Everyone, also visitors without a name" }]} value={form.of} onChange={(of) => onChange({ of: of === "all" ? "all" : "known" })} />
        <TextInput label="Owner" description="Who answers for it" maxLength={200} value={form.owner} onChange={(event) => onChange({ owner: event.currentTarget.value })} />
        <Select label="Looked at again every" allowDeselect={false} data={[...new Set([...EVERY, form.review_every])].map((value) => ({ value, label: spanOf(value) }))} value={form.review_every} onChange={(value) => onChange({ review_every: value ?? form.review_every })} />
        <TextInput label="Next review" description="Left empty: so long after it was looked at" type="date" value={form.review} onChange={(event) => onChange({ review: event.currentTarget.value })} />
      </div>
    </Card>
  );
}
