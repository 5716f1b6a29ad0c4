import { Button, Select } from "@mantine/core";
import { IconMessageOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { BarRow } from "@/components/bars";
import { Card, Strip } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { QuestionResults } from "./question-results";
import { channelName, languageName, measureName, scoreInterval, scoreWords, shareInterval } from "./score-words";

type Results = Schemas["SurveyResults"];
type Part = Schemas["AnsweredPart"];

/** What was answered to every question, how sure that is, and who answered. */
export function ResultsTab({ survey }: { survey: Schemas["SurveyBody"] }) {
  const [address] = useAddress();
  const query = useQuery(queries.surveyResults(survey.key, { channel: address.channel, language: address.language, days: address.days }));
  return (
    <Loaded query={query} rows={10} what="Reading the answers">
      {(found) => (
        <>
          <Narrowed found={found} />
          {found.answered === 0 ? (
            <div className="ft-card"><Empty icon={IconMessageOff} title={address.channel || address.language || address.days ? "Nobody answered this way" : "No answers yet"}>{address.channel || address.language || address.days ? "Take one of the filters away." : "Share the link, or let a journey ask. 3 to 5 days after an order is a good moment."}</Empty></div>
          ) : (
            <>
              <Facts found={found} />
              <div className="ft-grid">
                <div className="ft-stack ft-c8">{found.questions.map((question) => <QuestionResults key={question.key} survey={survey.key} question={question} />)}</div>
                <div className="ft-stack ft-c4">
                  <Funnel found={found} />
                  <Parts title="By channel" name="channel" rows={found.by_channel} measure={found.measure} said={channelName} />
                  <Languages found={found} />
                </div>
              </div>
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

const DAYS = [{ value: "30", label: "Last 30 days" }, { value: "90", label: "Last 90 days" }, { value: "365", label: "Last 365 days" }];

function Narrowed({ found }: { found: Results }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const told = [...found.by_channel.map((part) => part.value)].filter((one) => one !== null);
  const tongues = [...found.by_language.map((part) => part.value)].filter((one) => one !== null);
  const narrowed = Boolean(address.channel || address.language || address.days);
  return (
    <div className="ft-filters">
      <Select className="ft-field" size="xs" aria-label="When" placeholder="Any time" clearable data={DAYS} value={address.days ?? null} onChange={(days) => setAddress({ days: days ?? undefined })} />
      <Select className="ft-field" size="xs" aria-label="Channel" placeholder="Any channel" clearable data={[...new Set([...told, ...(address.channel ? [address.channel] : [])])].map((value) => ({ value, label: channelName(value) }))} value={address.channel ?? null} onChange={(channel) => setAddress({ channel: channel ?? undefined })} />
      <Select className="ft-field" size="xs" aria-label="Language" placeholder="Any language" clearable data={[...new Set([...tongues, ...(address.language ? [address.language] : [])])].map((value) => ({ value, label: languageName(value, formats.setting.locale) }))} value={address.language ?? null} onChange={(language) => setAddress({ language: language ?? undefined })} />
      {narrowed && <Button size="xs" variant="default" onClick={() => setAddress({ days: undefined, channel: undefined, language: undefined })}>Show all</Button>}
      <span className="grow" />
      <span className="ft-muted ft-small" aria-live="polite">{formats.plural(found.answered, "response", "responses")}</span>
    </div>
  );
}

function Facts({ found }: { found: Results }) {
  const formats = useFormats();
  const score = found.measure === null
    ? []
    : [{ label: measureName(found.measure), value: found.score ? scoreWords(found.score, formats) : "Not yet", note: found.score ? `${scoreInterval(found.score, formats)}, ${formats.plural(found.score.n, "answer", "answers")}` : "Two answers are the least" }];
  const rate = found.response
    ? { label: "Answered of those asked", value: formats.share(found.response.score, found.asked), note: `${formats.count(found.answered_asked)} of ${formats.count(found.asked)}, ${shareInterval(found.response, formats)}` }
    : { label: "Answered of those asked", value: "–", note: "nobody was asked by a message" };
  return (
    <Strip
      facts={[
        ...score,
        { label: "Responses", value: formats.count(found.answered), note: "exact" },
        { label: "To the end", value: formats.share(found.answered ? found.complete / found.answered : null, found.answered), note: `${formats.count(found.complete)} of ${formats.count(found.answered)}` },
        rate,
        { label: "Last answer", value: found.last_answer_at ? formats.ago(found.last_answer_at) : "never", note: found.last_answer_at ? formats.instant(found.last_answer_at) : undefined },
      ]}
    />
  );
}

const STAGES: Record<Results["funnel"][number]["stage"], string> = { sent: "Sent", opened: "Opened", clicked: "Clicked", answered: "Answered", complete: "To the end" };

/** From being asked to the end. Opens are known of mails alone, so a text message counts from its click. */
function Funnel({ found }: { found: Results }) {
  const formats = useFormats();
  const first = found.funnel[0]?.count ?? 0;
  if (first === 0) return null;
  return (
    <Card title="How far did they come?" side="of those asked by a message">
      <div className="ft-body">
        {found.funnel.map((stage) => (
          <div key={stage.stage}>
            <BarRow label={STAGES[stage.stage]} share={stage.count / first} value={formats.count(stage.count)} />
            {stage.share && <p className="ft-faint ft-small">{formats.share(stage.share.score, found.asked)} of the stage before, {shareInterval(stage.share, formats)}</p>}
          </div>
        ))}
        <p className="ft-muted ft-small">A click counts as an opening, an answer as a click. Programs that follow every link are not counted.</p>
      </div>
    </Card>
  );
}

function Languages({ found }: { found: Results }) {
  const formats = useFormats();
  return <Parts title="By language" name="language" rows={found.by_language} measure={found.measure} said={(value) => languageName(value, formats.setting.locale)} />;
}

function Parts({ title, name, rows, measure, said }: { title: string; name: "channel" | "language"; rows: Part[]; measure: string | null; said: (value: string | null) => string }) {
  const formats = useFormats();
  const [, setAddress] = useAddress();
  if (rows.length === 0) return null;
  return (
    <Card title={title}>
      <Table
        label={title} all rows={rows} rowKey={(row) => row.value ?? ""}
        columns={[
          { name, title: name === "channel" ? "Channel" : "Language", cell: (row) => row.value === null ? <span className="ft-muted">unknown</span> : <button type="button" className="ft-link" onClick={() => setAddress({ [name]: row.value ?? undefined })}>{said(row.value)}</button> },
          { name: "answered", title: "Responses", number: true, cell: (row) => formats.count(row.answered) },
          { name: "score", title: measureName(measure), number: true, cell: (row) => row.score ? <>{scoreWords(row.score, formats)} <span className="ft-muted ft-small">{scoreInterval(row.score, formats)}</span></> : <span className="ft-muted">{measure === null ? "–" : "not yet"}</span> },
        ]}
      />
    </Card>
  );
}
