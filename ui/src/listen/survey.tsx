import { Button, Menu } from "@mantine/core";
import { IconChevronDown, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, remove } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Confirm } from "@/components/confirm";
import { Badge, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { isMapping, type Json } from "@/condition/written";
import { fromYaml, toYaml } from "@/condition/yaml";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { SurveyBuilder } from "./builder";
import { LeaveDialog } from "./leave-dialog";
import type { Problem } from "./question-form";
import { ResponsesTab } from "./responses";
import { ResultsTab } from "./results";
import { ShareTab } from "./share";
import { useSurveyLook } from "./survey-preview";
import type { Spec } from "./survey-spec";
import { SurveyState } from "./surveys";
import { useSaving } from "./use-saving";
import { SurveyYaml } from "./survey-yaml";

type Body = Schemas["SurveyBody"];

const TABS = [["build", "Build"], ["share", "Share"], ["results", "Results"], ["responses", "Responses"], ["yaml", "YAML"]] as const;
type Tab = (typeof TABS)[number][0];

/** One survey: what it asks, how it is spread, what came of it. */
export function SurveyPage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.survey(key));
  const found = query.data;
  if (!found) return <Page title="Survey" crumb={<Link to="/surveys">Surveys</Link>}><Loaded query={query} rows={10}>{() => null}</Loaded></Page>;
  return <Survey key={`${found.key} ${found.revision}`} survey={found} />;
}

function Survey({ survey }: { survey: Body }) {
  const [address, setAddress] = useAddress();
  const readOnly = survey.kept_by === "files";
  const first = survey.answered > 0 ? "results" : "build";
  const tab: Tab = TABS.find(([name]) => name === address.tab)?.[0] ?? first;
  const [spec, setSpec] = useState(survey.spec as Spec);
  const [text, setText] = useState<string>();
  const look = useSurveyLook(survey.key, spec);
  const { saving, isLeaving } = useSaving(survey.key, survey.revision, survey.title, spec);
  const changed = !readOnly && JSON.stringify(spec) !== JSON.stringify(survey.spec);
  const refused = saving.error instanceof ApiError ? saving.error.problems : NONE;
  const written = useMemo(() => text ?? toYaml(spec as Json), [text, spec]);
  const write = (next: string) => {
    setText(next);
    const { value } = fromYaml(next);
    if (isMapping(value)) setSpec(value);
  };
  const build = (next: Spec) => {
    setText(undefined);
    setSpec(next);
  };
  const broken = text === undefined ? undefined : fromYaml(text).problem;
  const wrong = look.query.data?.problems.some((one) => one.severity === "error") ?? false;
  const missing = broken ? "The YAML cannot be read." : wrong && !look.stale ? "Something is wrong with it." : undefined;
  return (
    <Page
      title={survey.title} crumb={<Link to="/surveys">Surveys</Link>} purpose={String(spec.description ?? "") || "What do we ask, and what do they say?"}
      badges={<><SurveyState state={survey.state} />{readOnly && <Badge>Kept in files</Badge>}{changed && <Badge tone="warn">Not saved</Badge>}</>}
      actions={!readOnly && (
        <>
          <More survey={survey} />
          {changed && <Button variant="default" onClick={() => build(survey.spec as Spec)}>Discard the changes</Button>}
          <Button loading={saving.isPending} disabled={Boolean(missing) || !changed} title={missing ?? (changed ? undefined : "It is saved.")} onClick={() => saving.mutate()}>Save the survey</Button>
        </>
      )}
    >
      {saving.isError && <Failed error={saving.error} />}
      {readOnly && (tab === "build" || tab === "yaml") && <p className="ft-note">People keep it in the file {survey.file}: it is changed there.</p>}
      <Tabs label="Parts of the survey" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === first ? undefined : next, page: undefined })} />
      {tab === "build" && <SurveyBuilder spec={spec} keyTold={survey.key} fixed look={look} refused={refused} readOnly={readOnly} onChange={build} />}
      {tab === "share" && <ShareTab survey={survey} />}
      {tab === "results" && <ResultsTab survey={survey} />}
      {tab === "responses" && <ResponsesTab survey={survey} />}
      {tab === "yaml" && <SurveyYaml text={written} problems={[...(look.query.data?.problems ?? NONE), ...refused]} spec={spec} readOnly={readOnly} stale={look.stale} onChange={write} />}
      <LeaveDialog changed={changed} isLeaving={isLeaving} what={`“${survey.title}”`} />
    </Page>
  );
}

const NONE: readonly Problem[] = [];

function More({ survey }: { survey: Body }) {
  const formats = useFormats();
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const [asking, setAsking] = useState(false);
  const gone = useMutation({
    mutationFn: () => remove(`surveys/${encodeURIComponent(survey.key)}`, { revision: survey.revision }),
    onSuccess: async () => {
      await navigate({ to: "/surveys" });
      void client.invalidateQueries();
      say(`“${survey.title}” is taken out. Its answers stay.`);
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" rightSection={<IconChevronDown size={15} stroke={1.7} aria-hidden />}>More</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to={`/surveys/new?copy=${encodeURIComponent(survey.key)}`}>Copy into a new survey</Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={15} stroke={1.7} aria-hidden />} onClick={() => { gone.reset(); setAsking(true); }}>Take the survey out</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={asking} title={`Take ${survey.title} out?`} consequences={[["Its links", "say that it is over"], ["Journeys that ask it", survey.asked_by.length === 0 ? "none" : survey.asked_by.map((one) => one.title).join(", ")], ["Answers so far", `${formats.count(survey.answered)}, stay`]]}
        undo="You can build it again under the same key; its answers belong to it then." verb="Take the survey out" keep="Keep the survey" busy={gone.isPending} error={gone.error} onConfirm={() => gone.mutate()} onClose={() => setAsking(false)}
      />
    </>
  );
}
