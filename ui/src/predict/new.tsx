import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError, post, put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { useEdited } from "@/condition/history";
import { same } from "@/condition/written";
import { keyFrom } from "@/segment/key";
import { draftFrom, missingOf, NEW, OFFERS, specOf, type Draft } from "./draft";
import { useLook } from "./look";
import { AboutWhom, Keeping, Enough, WhatAndWhen, type StepProps } from "./steps";
import "./predict.css";

const STEPS = [["what", "What, how far ahead"], ["whom", "About whom"], ["look", "Is there enough?"], ["keep", "Keep it fresh"]] as const;

/** A new prediction: from nothing, from another one (`copy`), or from an offer (`from`). */
export function NewPredictionPage() {
  const [address] = useAddress();
  const copied = useQuery({ ...queries.predictionDocument(address.copy ?? ""), enabled: Boolean(address.copy) });
  if (address.copy) {
    const begun = copied.data && draftFrom(copied.data);
    return begun ? <Editor begun={{ ...begun, key: undefined, revision: 0, name: `${begun.name || address.copy}, copy` }} /> : <Page title="New prediction" crumb={<Link to="/predictions">Predictions</Link>}><Loaded query={copied} rows={8}>{() => null}</Loaded></Page>;
  }
  const offer = OFFERS[address.from ?? ""];
  return <Editor key={address.from ?? ""} begun={{ ...NEW, ...offer?.draft }} />;
}

export function EditPredictionPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.predictionDocument(key));
  if (query.data?.kept_by === "files") return <Navigate to="/predictions/$key" params={{ key }} search={{ tab: "yaml" } as never} replace />;
  return query.data ? <Editor key={key} begun={draftFrom(query.data)} /> : <Page title="Prediction" crumb={<Link to="/predictions">Predictions</Link>}><Loaded query={query} rows={8}>{() => null}</Loaded></Page>;
}

function Editor({ begun }: { begun: Draft }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const say = useToast();
  const [address, setAddress] = useAddress();
  const [form, setForm] = useState(begun);
  const parts = { outcome: useEdited(begun.outcome), population: useEdited(begun.population), exclude: useEdited(begun.exclude) };
  const draft: Draft = { ...form, outcome: parts.outcome.value, population: parts.population.value, exclude: parts.exclude.value };
  const spec = specOf(draft);
  const missing = missingOf(draft);
  const look = useLook(missing ? null : spec, begun.key);
  const step = STEPS.findIndex(([name]) => name === address.step);
  const at = Math.max(0, step);
  const go = (next: number) => setAddress({ step: next === 0 ? undefined : STEPS[next]?.[0] });
  const key = begun.key ?? keyFrom(form.name);
  const saving = useMutation({
    // The revision that was opened, so that nobody's change of the meantime is written over.
    mutationFn: async () => {
      const saved = await put<Schemas["SavedDocument"]>(`predictions/${encodeURIComponent(key)}`, { spec }, { revision: begun.revision });
      if (begun.key === undefined) await post(`predictions/${encodeURIComponent(saved.key)}/train`);
      return saved;
    },
    onSuccess: (saved) => {
      client.removeQueries({ queryKey: [`predictions/${encodeURIComponent(saved.key)}`] });
      void client.invalidateQueries();
      say(`“${form.name.trim() || saved.key}” is saved${begun.key === undefined ? " and is being trained" : ""}.`);
      void navigate({ to: "/predictions/$key", params: { key: saved.key }, search: { tab: "history" } as never });
    },
  });
  const refused = saving.error instanceof ApiError ? saving.error.problems : [];
  const problems = refused.length > 0 ? refused : look.stale ? [] : (look.answer?.problems ?? []);
  const unnamed = form.name.trim() === "" ? "Give it a name first." : undefined;
  const blocked = missing ?? (at === STEPS.length - 1 ? unnamed : undefined);
  const props: StepProps = { draft, parts, look, problems, keyTold: key, fixed: begun.key !== undefined, onChange: (change) => setForm({ ...form, ...change }) };
  return (
    <Page
      title={form.name || (begun.key ?? "New prediction")} crumb={<Link to="/predictions">Predictions</Link>} purpose="What is to be foreseen, for whom, how far ahead? Nothing is trained before the last step."
      badges={same(spec, specOf(begun)) ? undefined : <Badge tone="warn">Draft</Badge>}
      actions={
        <>
          <Button variant="default" component={Link} to={begun.key ? `/predictions/${encodeURIComponent(begun.key)}` : "/predictions"}>Discard</Button>
          {at > 0 && <Button variant="default" onClick={() => go(at - 1)}>Back</Button>}
          {at < STEPS.length - 1 ? <Button disabled={at === 1 && Boolean(missing)} title={at === 1 ? missing : undefined} onClick={() => go(at + 1)}>Next: {STEPS[at + 1]?.[1].toLowerCase()}</Button> : <Button loading={saving.isPending} disabled={Boolean(blocked)} title={blocked} onClick={() => saving.mutate()}>{begun.key ? "Save the change" : "Save and train"}</Button>}
        </>
      }
    >
      <nav className="ft-steps" aria-label="Steps">
        {STEPS.map(([name, title], index) => <button key={name} type="button" aria-current={index === at ? "step" : undefined} data-done={index < at} onClick={() => go(index)}><i aria-hidden>{index + 1}</i>{title}</button>)}
      </nav>
      {saving.isError && <Failed error={saving.error} />}
      {at === 0 && <WhatAndWhen {...props} offers={begun.key === undefined && !address.from} />}
      {at === 1 && <AboutWhom {...props} />}
      {at === 2 && <Enough {...props} missing={missing} />}
      {at === 3 && <Keeping {...props} />}
    </Page>
  );
}
