import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import "@/journey/making.css";
import { keyFrom } from "@/segment/key";
import { SurveyBuilder } from "./builder";
import { LeaveDialog } from "./leave-dialog";
import type { Problem } from "./question-form";
import { measureName } from "./score-words";
import { useSurveyLook } from "./survey-preview";
import { anySaid, OWN, type Spec } from "./survey-spec";
import { useSaving } from "./use-saving";

type Ready = Schemas["ReadySurveyBody"];

const NOTHING: Spec = { title: "", questions: [] };

/** A new survey: from a ready one (`ready`), from another one (`copy`), or from nothing (`blank`). */
export function NewSurveyPage() {
  const [address] = useAddress();
  const all = useQuery(queries.surveys());
  const copied = useQuery({ ...queries.survey(address.copy ?? ""), enabled: Boolean(address.copy) });
  const ready = all.data?.ready.find((one) => one.key === address.ready);
  if (address.blank) return <Editor begun={NOTHING} />;
  if (ready) return <Editor begun={ready.spec as Spec} wanted={ready.there ? undefined : ready.key} taken={all.data?.rows.map((one) => one.key)} />;
  if (address.copy && copied.data) return <Editor begun={{ ...(copied.data.spec as Spec), title: `${copied.data.title}, copy` }} taken={all.data?.rows.map((one) => one.key)} />;
  return (
    <Page title="New survey" crumb={<Link to="/surveys">Surveys</Link>} purpose="What do you want to know? Take one that is ready and change it, or begin with nothing.">
      <Loaded query={address.copy ? (copied as never) : all} rows={8}>
        {() => <ul className="ft-gallery" aria-label="Ready surveys">{all.data?.ready.map((one) => <Offered key={one.key} ready={one} />)}</ul>}
      </Loaded>
      <Card title="Begin with nothing"><div className="ft-body"><Button variant="default" component={Link} to="/surveys/new?blank=1">Begin with an empty survey</Button></div></Card>
    </Page>
  );
}

function Offered({ ready }: { ready: Ready }) {
  const formats = useFormats();
  return (
    <li className="ft-card ft-offered">
      <h2><Link to="/surveys/new" search={{ ready: ready.key } as never}>{ready.title}</Link>{ready.there && <> <Badge>In the workspace</Badge></>}</h2>
      <p>{ready.description}</p>
      <p className="ft-muted ft-small">{[ready.measure === null ? "" : measureName(ready.measure), formats.plural(ready.questions, "question", "questions"), ready.languages.join(", ")].filter(Boolean).join(" · ")}</p>
    </li>
  );
}

const NONE: readonly Problem[] = [];

/** A key that no survey has: a ready one keeps its own, so that the ready journeys ask it. */
function freeKey(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.includes(`${wanted}_${number}`)) return `${wanted}_${number}`;
}

function Editor({ begun, wanted, taken = [] }: { begun: Spec; wanted?: string; taken?: readonly string[] }) {
  const [spec, setSpec] = useState(begun);
  const title = anySaid(spec.title, OWN);
  const key = wanted ?? freeKey(keyFrom(title), taken);
  const look = useSurveyLook(key, spec);
  const { saving, isLeaving } = useSaving(key, 0, title, spec);
  const refused = saving.error instanceof ApiError ? saving.error.problems : NONE;
  const wrong = look.query.data?.problems.some((one) => one.severity === "error") ?? false;
  const missing = title.trim() === "" ? "Give the survey a title first." : wrong && !look.stale ? "Something is wrong with it." : undefined;
  return (
    <Page
      title={title || "New survey"} crumb={<Link to="/surveys">Surveys</Link>} purpose={String(spec.description ?? "") || "What do you want to know?"} badges={<Badge tone="warn">Draft</Badge>}
      actions={<><Button variant="default" component={Link} to="/surveys">Discard</Button><Button loading={saving.isPending} disabled={Boolean(missing)} title={missing} onClick={() => saving.mutate()}>Save the survey</Button></>}
    >
      {saving.isError && <Failed error={saving.error} />}
      <SurveyBuilder spec={spec} keyTold={key} fixed={wanted !== undefined} look={look} refused={refused} onChange={setSpec} />
      <LeaveDialog changed={JSON.stringify(spec) !== JSON.stringify(begun)} isLeaving={isLeaving} what="the new survey" />
    </Page>
  );
}
