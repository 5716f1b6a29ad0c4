import { Autocomplete, NumberInput, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconTrendingUp, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { ApiError } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Card, Pairs } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Empty, Failed, Loaded } from "@/components/states";
import { ConditionBuilder } from "@/condition/builder";
import type { Told } from "@/condition/context";
import { isMapping } from "@/condition/written";
import type { Edited } from "@/condition/history";
import { usePreview } from "@/condition/preview";
import { useVocabulary } from "@/condition/use-vocabulary";
import { toYaml } from "@/condition/yaml";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { OFFERS, specOf, without, type Band, type Draft } from "./draft";
import "@/segment/segment.css";
import { Incidence, LookView, Said, VerdictBadge, type useLook } from "./look";

type Problem = Schemas["ConditionProblem"];

export interface StepProps {
  draft: Draft;
  parts: Record<"outcome" | "population" | "exclude", Edited>;
  look: ReturnType<typeof useLook>;
  /** What the server says is wrong, paths from the document's spec. */
  problems: readonly Problem[];
  keyTold: string;
  fixed: boolean;
  onChange: (change: Partial<Draft>) => void;
}

const NO_COUNTS: Told["parts"] = new Map();
const PARTS = new Set(["outcome", "population", "exclude"]);

const faultsOf = (problems: readonly Problem[], part: string) =>
  problems.filter((one) => one.path[0] === part).map((one) => ({ path: one.path.slice(1), what: one.what, next: one.next_step, warning: one.severity === "warning" }));

/** What is wrong beside the conditions, such as the horizons. */
function Others({ problems, only }: { problems: readonly Problem[]; only: (part: string) => boolean }) {
  const told = problems.filter((one) => !PARTS.has(String(one.path[0])) && only(String(one.path[0] ?? "")));
  if (told.length === 0) return null;
  return <ul role="alert">{told.map((one) => <li key={one.what} className={`ft-note ${one.severity === "warning" ? "" : "ft-bad"}`}>{asSentence(one.what)} {one.next_step}</li>)}</ul>;
}

function Beside({ children, look }: { children: ReactNode; look: StepProps["look"] }) {
  return <div className="ft-grid"><div className="ft-stack ft-c8">{children}</div><div className="ft-stack ft-c4"><Glance look={look} /></div></div>;
}

/** Whether there is enough, beside what is being written. */
function Glance({ look }: { look: StepProps["look"] }) {
  const formats = useFormats();
  const { answer, query, stale } = look;
  const horizon = answer?.horizons[0];
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return (
    <>
      <Card title="Is there enough to learn from?" side={horizon && !stale ? <VerdictBadge verdict={horizon.verdict} /> : query.isFetching ? "counting" : undefined}>
        <div className="ft-body" aria-live="polite" data-stale={stale}>
          {answer?.error ? <p className="ft-bad">{asSentence(answer.error.what)} {answer.error.next_step}</p> : horizon ? (
            <>
              <Pairs rows={[["About whom now", formats.people(answer.people ?? 0)], ["With the outcome", formats.count(horizon.had)], ["Windows to learn from", formats.count(horizon.windows.filter((one) => one.part !== "shown").length)]]} />
              <div style={{ marginTop: 10 }}><Said statements={horizon.statements.slice(0, 1)} /></div>
            </>
          ) : <p className="ft-muted">{answer && answer.problems.length > 0 ? "Not counted: something in the document is missing or wrong." : query.isFetching ? "Counting" : "As soon as it is known what is foreseen, about whom and how far ahead, the past answers here."}</p>}
        </div>
      </Card>
      {horizon && horizon.windows.length > 1 && <div data-stale={stale}><Incidence horizon={horizon} isValue={answer?.unit !== "probability"} height={170} /></div>}
    </>
  );
}

const USUAL = ["7d", "30d", "90d", "180d", "365d"];

export function WhatAndWhen({ draft, parts, look, problems, onChange, offers }: StepProps & { offers: boolean }) {
  const vocabulary = useVocabulary();
  const value = draft.kind === "value";
  const empty = parts.outcome.value === null && draft.event === "";
  return (
    <Beside look={look}>
      {offers && empty && (
        <div className="ft-offers">
          {Object.entries(OFFERS).map(([name, offer]) => <Link key={name} to="/predictions/new" search={{ from: name } as never} className="ft-cell"><b style={{ fontSize: "0.8125rem" }}>{offer.title}</b><span className="ft-muted">{offer.says}</span></Link>)}
        </div>
      )}
      <div className="ft-filters">
        <SegmentedControl aria-label="What is foreseen" data={[{ value: "outcome", label: "Whether it happens" }, { value: "value", label: "How much" }]} value={draft.kind} onChange={(kind) => onChange({ kind: kind === "value" ? "value" : "outcome", horizons: kind === "value" ? draft.horizons.slice(0, 1) : draft.horizons })} />
        <span className="ft-muted">{value ? "An amount: money, or how often." : "What comes true, or does not, after the instant it is foreseen at."}</span>
      </div>
      {value ? <Value draft={draft} onChange={onChange} /> : (
        <ConditionBuilder heading="It came true for people who match" counted={false} edited={parts.outcome} vocabulary={vocabulary} told={{ parts: NO_COUNTS, faults: faultsOf(problems, "outcome"), stale: look.stale }} everyone="Nothing is foreseen yet." />
      )}
      <Horizons draft={draft} onChange={onChange} />
      <More draft={draft} onChange={onChange} />
      <Others problems={problems} only={(part) => part !== "bands" && part !== "schedule"} />
    </Beside>
  );
}

function Value({ draft, onChange }: Pick<StepProps, "draft" | "onChange">) {
  const vocabulary = useVocabulary();
  const numbers = vocabulary.terms({ of: "property", event: draft.event }).filter((term) => vocabulary.kindOf({ of: "value", event: draft.event, property: term.value }) === "number");
  return (
    <Card title="Which amount?">
      <div className="ft-body ft-form" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(200px, 1fr))" }}>
        <Autocomplete label="Event" required data={vocabulary.terms({ of: "event" }).map((term) => term.value)} value={draft.event} onChange={(event) => onChange({ event })} />
        <Autocomplete label="What is added up" description="Left empty: how often it happens" data={numbers.map((term) => term.value)} value={draft.property} onChange={(property) => onChange({ property })} />
      </div>
    </Card>
  );
}

function Horizons({ draft, onChange }: Pick<StepProps, "draft" | "onChange">) {
  const [own, setOwn] = useState("");
  const offered = [...new Set([...USUAL, ...draft.horizons])];
  const toggle = (horizon: string) => {
    if (draft.kind === "value") return onChange({ horizons: [horizon] });
    const kept = draft.horizons.filter((one) => one !== horizon);
    return onChange({ horizons: draft.horizons.includes(horizon) ? kept : [...kept, horizon] });
  };
  const add = () => {
    if (own.trim() === "") return;
    toggle(own.trim());
    setOwn("");
  };
  return (
    <Card title="How far ahead?" side={draft.kind === "outcome" ? "several give a curve over time, and short against long risk" : "one horizon"}>
      <div className="ft-body ft-filters">
        <div className="ft-pick" role="group" aria-label="Horizons">
          {offered.map((horizon) => <button key={horizon} type="button" aria-pressed={draft.horizons.includes(horizon)} onClick={() => toggle(horizon)}>{spanOf(horizon)}</button>)}
        </div>
        <TextInput aria-label="Another horizon" placeholder="Another, such as 39w" value={own} w={180} onChange={(event) => setOwn(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") add(); }} onBlur={add} />
      </div>
    </Card>
  );
}

const FORMS = [{ value: "", label: "each horizon on its own" }, { value: "hazard", label: "as the time until it happens" }];
const MODELS = [{ value: "", label: "the best on a hold-out" }, { value: "bg_nbd", label: "rhythm of buying, BG/NBD" }, { value: "pareto_nbd", label: "rhythm of buying, Pareto/NBD" }, { value: "boosted", label: "everything that is known" }];
const ESTIMATORS = [{ value: "", label: "boosted trees" }, { value: "logistic", label: "logistic regression" }];

/** How it is learnt, for who wants to say; left alone, the usual way is taken. */
function More({ draft, onChange }: Pick<StepProps, "draft" | "onChange">) {
  const vocabulary = useVocabulary();
  const event = isMapping(draft.outcome) && typeof draft.outcome.did === "string" ? draft.outcome.did : undefined;
  const said = (name: string) => (typeof draft.rest[name] === "string" ? draft.rest[name] : "");
  const say = (name: string, value: string | null) => {
    const rest = without(draft.rest, name);
    onChange({ rest: value ? { ...rest, [name]: value } : rest });
  };
  const known = (options: { value: string; label: string }[], value: string) => (options.some((one) => one.value === value) ? options : [...options, { value, label: value }]);
  const pick = (name: string, label: string, options: { value: string; label: string }[], description?: string) => <Select label={label} description={description} allowDeselect={false} data={known(options, said(name))} value={said(name)} onChange={(value) => say(name, value)} />;
  return (
    <details className="ft-card">
      <summary className="ft-cardhead" style={{ cursor: "pointer" }}><h2>How it is learnt</h2><span>the usual way, if nothing is said</span></summary>
      <div className="ft-body ft-form" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(210px, 1fr))" }}>
        {draft.kind === "value" ? pick("model", "Model", MODELS) : (
          <>
            {pick("form", "Learnt", FORMS, "The time also learns from windows that are still open, and gives a date")}
            {pick("estimator", "Estimator", ESTIMATORS, "A file models/NAME.py can be named in the YAML")}
            {event !== undefined && <Autocomplete label="Told apart by" description="One probability for each value, such as the category" data={vocabulary.terms({ of: "property", event }).map((term) => term.value)} value={said("per")} onChange={(value) => say("per", value)} />}
          </>
        )}
      </div>
    </details>
  );
}

export function AboutWhom({ draft, parts, look, problems }: StepProps) {
  const formats = useFormats();
  const vocabulary = useVocabulary();
  const population = usePreview(parts.population.value, "known");
  const exclude = usePreview(parts.exclude.value, "known");
  const withFaults = (told: Told, part: string): Told => ({ ...told, faults: told.faults.length > 0 ? told.faults : faultsOf(problems, part) });
  return (
    <Beside look={look}>
      <ConditionBuilder heading="It is about people who match" edited={parts.population} vocabulary={vocabulary} told={withFaults(population.told, "population")} everyone={draft.kind === "value" ? "Whoever did it before." : "Nobody yet: a model learns best about people to whom the question applies."} />
      {population.answer?.says && <p className="ft-note" data-stale={population.told.stale}>{population.answer.says}{population.answer.total !== null && ` Now: ${formats.people(population.answer.total)}.`}</p>}
      <ConditionBuilder heading="Left out: people who match" edited={parts.exclude} vocabulary={vocabulary} told={withFaults(exclude.told, "exclude")} everyone="Nobody is left out, except who objects." />
      <Others problems={problems} only={() => true} />
    </Beside>
  );
}

export function Enough({ look, problems, missing }: StepProps & { missing?: string }) {
  const { answer, query, stale } = look;
  if (missing) return <div className="ft-card"><Empty icon={IconTrendingUp} title="Nothing to look at yet">{missing}</Empty></div>;
  return (
    <Loaded query={query} rows={8} what="Counting the outcome in each past window">
      {() => (
        <div data-stale={stale} className="ft-stack">
          {problems.some((one) => one.severity === "error") && <ul role="alert">{problems.map((one) => <li key={one.what} className="ft-note ft-bad">{asSentence(one.what)} {one.next_step}</li>)}</ul>}
          {answer?.error && <Failed error={new ApiError(200, answer.error)} />}
          {answer && <LookView look={answer} />}
        </div>
      )}
    </Loaded>
  );
}

const EVERY = ["1d", "7d", "30d"];

export function Keeping({ draft, problems, keyTold, fixed, look, onChange }: StepProps) {
  return (
    <div className="ft-grid">
      <div className="ft-stack ft-c6">
        <Card title="What is it called, and how often is it made anew?">
          <div className="ft-body ft-form">
            <TextInput label="Name" required maxLength={200} value={draft.name} onChange={(event) => onChange({ name: event.currentTarget.value })} description={keyTold ? `Key: ${keyTold}${fixed ? "" : ", for good"}` : undefined} />
            <Select label="Everybody is scored anew every" allowDeselect={false} data={[...[...new Set([...EVERY, draft.schedule].filter(Boolean))].map((value) => ({ value, label: spanOf(value).replace(/^1 /, "") })), { value: "", label: "on request only" }]} value={draft.schedule} onChange={(schedule) => onChange({ schedule: schedule ?? "" })} />
          </div>
        </Card>
        {draft.kind === "outcome" && <Bands bands={draft.bands} onChange={(bands) => onChange({ bands })} />}
        <Others problems={problems} only={() => true} />
      </div>
      <div className="ft-stack ft-c6">
        <Card title="What happens next" side={look.answer?.horizons[0] && <VerdictBadge verdict={look.answer.horizons[0].verdict} />}>
          <p className="ft-body">{fixed ? "The change is in force at once; the model in use stays until it is trained again." : "The document is saved and the model is trained on everything that is complete now. It is judged on the latest window, and its page says how far to trust it. Nobody is written to because of it."}</p>
        </Card>
        <Card title="As it will be written"><pre className="ft-pre" tabIndex={0} aria-label="Prediction as YAML">{toYaml({ kind: "prediction", key: keyTold || "…", spec: specOf(draft) })}</pre></Card>
      </div>
    </div>
  );
}

function Bands({ bands, onChange }: { bands: readonly Band[]; onChange: (bands: Band[]) => void }) {
  const change = (index: number, part: Partial<Band>) => onChange(bands.map((band, at) => (at === index ? { ...band, ...part } : band)));
  return (
    <Card title="From which probability is something told?" side="whoever crosses a band can start a journey">
      <div className="ft-body ft-form">
        {bands.map((band, index) => (
          <div key={index} className="ft-bandrow">
            <TextInput label={index === 0 ? "Name" : undefined} aria-label="Name of the band" value={band.name} onChange={(event) => change(index, { name: event.currentTarget.value })} />
            <NumberInput label={index === 0 ? "From" : undefined} aria-label={`From which probability ${band.name} begins`} classNames={{ input: "ft-input" }} min={0} max={100} hideControls suffix=" %" value={Math.round(band.from * 1000) / 10} onChange={(next) => change(index, { from: Number(next) / 100 })} />
            <button type="button" className="ft-iconbutton" aria-label={`Take out the band ${band.name}`} onClick={() => onChange(bands.filter((_, at) => at !== index))}><IconX size={15} stroke={1.7} aria-hidden /></button>
          </div>
        ))}
        <div><button type="button" className="ft-link" onClick={() => onChange([...bands, { name: `band ${bands.length + 1}`, from: Math.min(0.95, (bands.at(-1)?.from ?? 0.4) + 0.1) }])}>Add a band</button></div>
      </div>
    </Card>
  );
}
