import { Button, Select } from "@mantine/core";
import { IconMessageCircle, IconSend, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Asked } from "@/api/client";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { sinceOf } from "@/components/period";
import { Empty, Failed, Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { ChangeCard } from "./change-card";
import { GroupsCard } from "./groups-card";
import { Loop } from "./loop-parts";
import { ScoreCard } from "./score-card";
import { DIMENSION_WORDS } from "./feedback-words";
import { SilentCard } from "./silent-card";
import { TargetsCard } from "./targets-card";
import { Quotes, Themes, Words } from "./text-parts";
import "./feedback.css";

const WINDOWS = [{ value: "28", label: "Last 28 days" }, { value: "90", label: "Last 90 days" }, { value: "180", label: "Last 180 days" }, { value: "365", label: "Last year" }];
const FILTERS = ["segment", "touchpoint", "product", "agent", "channel", "language"] as const;

/** What people say, whether it really changed, and who is waiting for an answer. */
export function FeedbackPage() {
  const choices = useQuery(queries.feedbackChoices());
  return (
    <Page title="Feedback" purpose="What customers say, whether it really changed, and who is waiting for an answer." actions={choices.data && choices.data.surveys.length > 0 && <Filters choices={choices.data} />}>
      <Loaded query={choices} rows={10} what="Reading what people said">{(told) => (told.surveys.length === 0 ? <NoAnswers /> : <Scores choices={told} />)}</Loaded>
    </Page>
  );
}

/** The way to where surveys are written and shared. */
function SendOne() {
  return <Button component={Link} to="/surveys" size="xs" leftSection={<IconSend size={15} stroke={1.7} aria-hidden />}>Send a survey</Button>;
}

function NoAnswers() {
  return (
    <div className="ft-card">
      <Empty icon={IconMessageCircle} title="No answers yet" action={<SendOne />}>Three to five days after an order is a good moment to ask. Answers of another tool can be imported.</Empty>
    </div>
  );
}

function useAsked(): Asked {
  const [address] = useAddress();
  const { now } = useFormats().setting;
  const filters = Object.fromEntries(FILTERS.map((name) => [name, address[name]]));
  return { survey: address.survey, measure: address.measure, ...filters, from: sinceOf(address.days, now) };
}

function Filters({ choices }: { choices: Schemas["FeedbackChoices"] }) {
  const [address, setAddress] = useAddress();
  const segments = useQuery(queries.segments()).data?.rows ?? [];
  return (
    <>
      <Select aria-label="Segment" size="xs" w={170} placeholder="All customers" clearable data={segments.map((one) => ({ value: one.key, label: one.title }))} value={address.segment ?? null} onChange={(segment) => setAddress({ segment: segment ?? undefined })} />
      <Select aria-label="Survey" size="xs" w={180} placeholder="All surveys" clearable data={choices.surveys.map((one) => ({ value: one.key, label: one.title }))} value={address.survey ?? null} onChange={(survey) => setAddress({ survey: survey ?? undefined, measure: undefined })} />
      {!address.survey && <Select aria-label="Measure" size="xs" w={190} allowDeselect={false} data={choices.measures.map((one) => ({ value: one.key, label: one.title }))} value={address.measure ?? choices.measures[0]?.key ?? null} onChange={(measure) => setAddress({ measure: measure ?? undefined })} />}
      <Select aria-label="Window" size="xs" w={140} allowDeselect={false} data={WINDOWS} value={address.days ?? "90"} onChange={(days) => setAddress({ days: days === "90" || !days ? undefined : days })} />
      <SendOne />
    </>
  );
}

function Scores({ choices }: { choices: Schemas["FeedbackChoices"] }) {
  const asked = useAsked();
  const [address] = useAddress();
  const scores = useQuery(queries.feedbackScores(asked));
  const change = useQuery(queries.feedbackChange(asked));
  const targets = useQuery(queries.feedbackTargets(asked));
  const aims = targets.data?.rows ?? [];
  return (
    <>
      <Chosen />
      <Loaded query={scores} rows={8} what="Counting answers">
        {(told) => (
          <>
            <div className="ft-grid" data-fill="true">
              <ScoreCard told={told} change={change.data} targets={aims} />
              {change.isError ? <div className="ft-c4"><Failed error={change.error} /></div> : change.data && <ChangeCard change={change.data} />}
            </div>
            {told.notes.length > 0 && <p className="ft-muted ft-small">{told.notes.join(" ")}</p>}
            <div className="ft-grid">
              <GroupsCard asked={asked} dimensions={choices.dimensions} />
              <SilentCard told={told} traits={choices.traits} />
              {aims.length > 0 && <TargetsCard rows={aims} />}
              {targets.isError && <div className="ft-c4"><Failed error={targets.error} /></div>}
            </div>
          </>
        )}
      </Loaded>
      <Texts asked={asked} />
      <h2 className="ft-partline">Is the loop closed?</h2>
      <Loop survey={text(asked.survey)} days={Number(address.days ?? 90)} />
    </>
  );
}

const text = (value: Asked[string]) => (typeof value === "string" ? value : undefined);

/** What people write, of the same survey, window and segment. */
function Texts({ asked }: { asked: Asked }) {
  const filters = { survey: text(asked.survey), segment: text(asked.segment), from: text(asked.from) };
  return (
    <div className="ft-grid">
      <div className="ft-c8"><Themes filters={filters} /></div>
      <div className="ft-c4"><Words filters={filters} /></div>
      <div className="ft-c12"><Quotes filters={filters} /></div>
    </div>
  );
}

/** Filters that came from a click on a group, each with a way out. */
function Chosen() {
  const [address, setAddress] = useAddress();
  const chosen = FILTERS.filter((name) => name !== "segment" && address[name]);
  if (chosen.length === 0) return null;
  return (
    <div className="ft-filters">
      {chosen.map((name) => <Button key={name} variant="default" size="xs" rightSection={<IconX size={13} stroke={1.7} aria-hidden />} onClick={() => setAddress({ [name]: undefined })}>{DIMENSION_WORDS[name]}: {address[name]}</Button>)}
    </div>
  );
}
