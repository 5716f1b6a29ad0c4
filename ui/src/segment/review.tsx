import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, Pairs, Strip } from "@/components/page";
import { asSentence } from "@/components/sentence";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { DECISIONS, type Decision } from "./decisions";

type Drift = Schemas["DriftBody"];
const VERDICTS: Record<Schemas["CompositionRow"]["verdict"], { says: string; tone?: "warn" | "bad" }> = { same: { says: "as before" }, some: { says: "some change", tone: "warn" }, much: { says: "much change", tone: "bad" } };

/** What has become of a segment since it was last looked at, and what is decided about it. */
export function Review({ segment }: { segment: string }) {
  const drift = useQuery(queries.segmentDrift(segment));
  const reviews = useQuery(queries.segmentReviews(segment));
  return (
    <div className="ft-stack">
      <Loaded query={drift} rows={8} what="Comparing the members of then and now">{(told) => <Moved told={told} />}</Loaded>
      <Loaded query={reviews} rows={4}>{(told) => <Decide key={told.rows.length} segment={segment} told={told} advice={drift.data?.advice} />}</Loaded>
    </div>
  );
}

function Moved({ told }: { told: Drift }) {
  const formats = useFormats();
  const since = formats.day(told.since);
  const changed = told.composition.filter((row) => row.verdict !== "same");
  const grown = told.overlaps.filter((row) => row.grew);
  const lost = told.against.filter((row) => row.lost);
  return (
    <Card title={`What has changed since ${since}?`} side={told.review ? "the last review" : "one review period ago: nobody has looked yet"} line>
      <div className="ft-inset"><Strip facts={[
        { label: "People", value: `${formats.count(told.then)} → ${formats.count(told.now)}`, note: `of ${formats.count(told.could_be_now)} who could be in it` },
        { label: "Stayed", value: formats.count(told.stayed), note: told.then ? `${formats.share(told.stayed / told.then, told.then)} of those of then` : undefined },
        { label: "Joined", value: formats.count(told.joined) },
        { label: "Left", value: formats.count(told.lost), note: told.lost ? `${formats.count(told.silent)} of them silent since` : undefined },
      ]} /></div>
      <div className="ft-body ft-told">
        {told.other_meaning && <p className="ft-note" data-tone="warn">The condition was changed since that review. Both numbers are by the condition of today.</p>}
        {told.lost_to.length > 0 && <p><span className="ft-muted">Those who left are now in: </span>{told.lost_to.map((row, index) => <span key={row.key}>{index > 0 && ", "}<Link to="/segments/$key" params={{ key: row.key }}>{row.title}</Link> ({formats.count(row.people)})</span>)}</p>}
        <p className="ft-muted">{changed.length === 0 ? "The members are of the same kind as then, in all traits and habits that are compared." : `Their make-up changed in ${formats.plural(changed.length, "thing", "things")}:`}</p>
        {changed.map((row) => (
          <div key={row.name} className="ft-line"><Badge tone={VERDICTS[row.verdict].tone}>{VERDICTS[row.verdict].says}</Badge><span>{row.says}</span><span className="ft-muted ft-small">index {formats.number(row.index.value)}, {formats.number(row.by_chance)} by chance</span></div>
        ))}
        {lost.map((row) => <p key={row.prediction}><Badge tone="warn">no difference</Badge> They differed from all others in {row.prediction} over {spanOf(row.horizon)}, and no longer do.</p>)}
        {grown.map((row) => <p key={row.key}><Badge tone="warn">more alike</Badge> with <Link to="/segments/$key" params={{ key: row.key }}>{row.title}</Link>: {formats.count(row.then)} in both then, {formats.count(row.now)} now.</p>)}
        <div className="ft-note">
          <b>{DECISIONS[told.advice.decision]}, say the numbers.</b>
          <ul>{told.advice.reasons.map((reason) => <li key={reason.code}>{asSentence(reason.words)}</li>)}</ul>
        </div>
      </div>
    </Card>
  );
}

function Decide({ segment, told, advice }: { segment: string; told: Schemas["Reviews"]; advice?: Schemas["AdviceBody"] }) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const [decision, setDecision] = useState<Decision | null>(null);
  const [note, setNote] = useState("");
  const [next, setNext] = useState("");
  const { due } = told;
  const noting = useMutation({
    mutationFn: () => post<Schemas["Reviews"]>(`segments/${encodeURIComponent(segment)}/reviews`, { decision: decision ?? advice?.decision ?? "keep", note: note.trim(), next_review: next || null }),
    onSuccess: () => {
      void client.invalidateQueries();
      say("The review is noted.");
    },
  });
  return (
    <Card title="What do you decide?" side={due.due === null ? "not in force yet" : due.overdue ? <Badge tone="warn">Due since {formats.day(due.due)}</Badge> : `next on ${formats.day(due.due)}, every ${spanOf(due.every)}`} line>
      <form className="ft-body ft-form" style={{ paddingTop: 12 }} onSubmit={(event) => { event.preventDefault(); noting.mutate(); }}>
        <div className="ft-filters" style={{ alignItems: "flex-end" }}>
          <Select className="ft-field" label="Decision" allowDeselect={false} w={180} data={Object.entries(DECISIONS).map(([value, label]) => ({ value, label }))} value={decision ?? advice?.decision ?? "keep"} onChange={(value) => setDecision(value as Decision)} />
          <TextInput className="ft-field" label="Look again on" type="date" w={180} value={next} onChange={(event) => setNext(event.currentTarget.value)} />
        </div>
        <Textarea label="Note" description="What you saw, and why" autosize minRows={2} maxLength={10_000} value={note} onChange={(event) => setNote(event.currentTarget.value)} />
        {noting.isError && <Failed error={noting.error} />}
        <div><Button type="submit" variant="default" loading={noting.isPending}>Note the review</Button></div>
      </form>
      {told.rows.length > 0 && (
        <div className="ft-rows" style={{ borderTop: "1px solid var(--ft-border)" }}>
          {told.rows.map((row) => <div key={row.number}><Pairs rows={[[`${formats.instant(row.at)}, ${row.by}`, <span key="d">{DECISIONS[row.decision]} · {formats.people(row.people)}</span>]]} />{row.note && <p className="ft-muted" style={{ overflowWrap: "anywhere" }}>{row.note}</p>}</div>)}
        </div>
      )}
    </Card>
  );
}
