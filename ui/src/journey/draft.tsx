import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState, type ReactNode } from "react";
import { ApiError, post, put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Badge, Card, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { fromYaml, toYaml } from "@/condition/yaml";
import { isMapping, type Json } from "@/condition/written";
import { Code } from "@/deliver/template-code";
import "@/deliver/templates.css";
import { useFormats } from "@/formats/context";
import { Missing, Written } from "./draft-parts";
import { titleOf } from "./draft-text";
import { Discard } from "./drafts";
import "./making.css";
import { NewDraft } from "./new-draft";
import { StateBadge } from "./journeys";

type Draft = Schemas["JourneyDraftBody"];
type InForce = Schemas["JourneyDocument"];
type Problem = Schemas["ConditionProblem"];

const isNone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;
const Crumb = () => <Link to="/journeys">Journeys</Link>;

/** The draft of a journey as text: what was saved of it, or else what is in force. */
export function JourneyDraftPage() {
  const key = useParams({ strict: false }).key ?? "";
  const draft = useQuery(queries.journeyDraft(key));
  const inForce = useQuery(queries.journeyDocument(key));
  const failed = [draft, inForce].find((one) => one.isError && !isNone(one.error));
  const settled = [draft, inForce].every((one) => one.data !== undefined || isNone(one.error));
  if (failed || !settled || (!draft.data && !inForce.data)) {
    return <Page title="Draft of a journey" crumb={<Crumb />}><Loaded query={(failed ?? draft) as typeof draft} rows={10}>{() => null}</Loaded></Page>;
  }
  if (!draft.data && inForce.data?.kept_by === "files") return <KeptInFiles inForce={inForce.data} />;
  return <Editor key={key} name={key} draft={draft.data} inForce={inForce.data} />;
}

function KeptInFiles({ inForce }: { inForce: InForce }) {
  return (
    <Page title={titleOf(inForce)} crumb={<Crumb />} badges={<Badge>Kept in files</Badge>} purpose={`People keep it in the file ${inForce.file}: it is changed there.`}>
      <Card title="Its text"><div className="ft-body"><Code label="Journey as YAML" value={toYaml(inForce.spec as Json)} wrong={new Map()} /></div></Card>
      <Card title="Begin another one from it"><div className="ft-body"><NewDraft spec={inForce.spec} verb="Copy into a draft" /></div></Card>
    </Page>
  );
}

function Editor({ name, draft, inForce }: { name: string; draft?: Draft; inForce?: InForce }) {
  const navigate = useNavigate();
  const [first] = useState(() => toYaml((draft ?? inForce)?.spec as Json));
  const [text, setText] = useState(first);
  const [saved, setSaved] = useState(draft ? first : undefined);
  const [jump, setJump] = useState<{ line: number; turn: number }>();
  const [asking, setAsking] = useState<"publish" | "discard">();
  // Of the time the page was opened, so that nobody's change of the meantime is written over.
  const [revision] = useState(inForce?.revision ?? 0);
  const read = useMemo(() => fromYaml(text), [text]);
  const spec = isMapping(read.value) ? read.value : undefined;
  const broken = read.problem ?? (spec ? undefined : "A journey begins with words such as “title:” and “steps:”.");
  const save = useSave(name, text, spec, setSaved);
  const publish = usePublish(name, revision);
  const changed = text !== saved;
  const lacks = publish.error instanceof ApiError && publish.error.problems.length > 0 ? publish.error.problems : draft?.lacks ?? NONE;
  const told = { key: name, spec: spec ?? (draft ?? inForce)?.spec ?? {} };
  const refusal = broken ? "The text cannot be read yet." : changed ? "Save the draft first." : lacks.length > 0 ? "Something is missing." : undefined;
  return (
    <Page
      title={titleOf(told)} crumb={<Crumb />} purpose="Save it as often as you like: nothing of it is in force before it is published."
      badges={<><Badge tone="warn">{draft ? "Draft" : "No draft yet"}</Badge>{changed && draft && <Badge>Not saved</Badge>}</>}
      actions={(
        <>
          {draft ? <Button variant="default" onClick={() => setAsking("discard")}>Discard</Button> : <Button variant="default" component={Link} to={`/journeys/${encodeURIComponent(name)}`}>Back to the journey</Button>}
          <Button variant="default" loading={save.isPending} disabled={Boolean(broken) || !changed} title={broken ?? (changed ? undefined : "It is saved.")} onClick={() => { publish.reset(); save.mutate(); }}>Save the draft</Button>
          <Button disabled={Boolean(refusal)} title={refusal} onClick={() => { publish.reset(); setAsking("publish"); }}>Publish</Button>
        </>
      )}
    >
      {save.isError && <Failed error={save.error} />}
      {publish.isError && asking !== "publish" && <Failed error={publish.error} />}
      <div className="ft-grid ft-templategrid">
        <Card title="Its text" className="ft-c8">
          <div className="ft-body">
            <Written text={text} onChange={setText} broken={broken} brokenAt={read.line} lacks={changed ? NONE : lacks} jump={jump} />
          </div>
        </Card>
        <Missing className="ft-c4" text={text} broken={broken} brokenAt={read.line} lacks={lacks} stale={changed} unsaved={!draft} onJump={(line) => setJump({ line, turn: (jump?.turn ?? 0) + 1 })} />
      </div>
      {asking === "discard" && draft && <Discard draft={draft} onClose={() => setAsking(undefined)} onDone={() => navigate({ to: "/journeys" })} />}
      {asking === "publish" && <Publishing name={name} title={titleOf(told)} publish={publish} onClose={() => setAsking(undefined)} />}
    </Page>
  );
}

const NONE: readonly Problem[] = [];

function useSave(name: string, text: string, spec: Json | undefined, onSaved: (text: string) => void) {
  const client = useQueryClient();
  const say = useToast();
  return useMutation({
    mutationFn: () => put<Draft>(`journey-drafts/${encodeURIComponent(name)}`, { spec }),
    onSuccess: (draft) => {
      client.setQueryData(queries.journeyDraft(name).queryKey, draft);
      void client.invalidateQueries({ queryKey: ["journey-drafts"] });
      onSaved(text);
      say(draft.lacks.length === 0 ? "The draft is saved. Nothing is missing." : "The draft is saved.");
    },
  });
}

function usePublish(name: string, revision: number) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  return useMutation({
    mutationFn: () => post<Schemas["SavedDocument"]>(`journey-drafts/${encodeURIComponent(name)}/publish?revision=${revision}`),
    onSuccess: async (saved) => {
      say(`Version ${saved.revision} is published.`);
      await navigate({ to: "/journeys/$key", params: { key: saved.key } });
      client.removeQueries({ queryKey: [`journey-drafts/${encodeURIComponent(name)}`] });
      void client.invalidateQueries();
    },
  });
}

function Publishing({ name, title, publish, onClose }: { name: string; title: string; publish: ReturnType<typeof usePublish>; onClose: () => void }) {
  const formats = useFormats();
  const query = useQuery(queries.journey(name));
  const now = query.data;
  const rows: [string, ReactNode][] = now
    ? [["It is", <StateBadge key="state" state={now.state} />], ["People in it now", now.active === 0 ? formats.count(0) : `${formats.count(now.active)}, go on as they began`], ["Who enters from now on", now.state === "live" ? "goes through the new version" : "nobody before it is started"]]
    : [["It is", "new"], ["Who enters", "nobody before it is started"]];
  return (
    <Confirm
      opened title={`Publish ${title}?`} consequences={rows} undo="You can publish another version at any time. Sent messages stay sent." verb="Publish the draft" keep="Keep it a draft"
      busy={publish.isPending} error={publish.error} onConfirm={() => publish.mutate()} onClose={onClose}
    />
  );
}
