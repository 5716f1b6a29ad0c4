import { Button, Select } from "@mantine/core";
import { IconDownload, IconMessageOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { address as apiAddress } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, useAddress } from "@/components/address";
import { Badge } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Empty, Loaded } from "@/components/states";
import { Pager, Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { ResponsePanel } from "./response-panel";
import { channelName, languageName, measureName } from "./score-words";
import { anySaid, keyOf, questionsOf } from "./survey-spec";

type Row = Schemas["ResponseRow"];
type Survey = Schemas["SurveyBody"];

const FILTERS = ["channel", "language", "complete", "question", "answer", "days"] as const;

/** Every response, the newest first; one of them in full beside the list. */
export function ResponsesTab({ survey }: { survey: Survey }) {
  const [address, setAddress] = useAddress();
  const page = pageOf(address);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, address[name]]));
  const query = useQuery(queries.surveyResponses(survey.key, { ...filters, page }));
  return (
    <>
      <Narrowed survey={survey} filters={filters} />
      <div className="ft-panelgrid" data-open={Boolean(address.response)}>
        <Loaded query={query} rows={8}>
          {(found) => (
            <div className="ft-card">
              {found.rows.length === 0
                ? <Empty icon={IconMessageOff} title={FILTERS.some((name) => address[name]) ? "No response like this" : "No answers yet"}>{FILTERS.some((name) => address[name]) ? "Take one of the filters away." : "Share the link, or let a journey ask."}</Empty>
                : <><Rows survey={survey} rows={found.rows} chosen={address.response} /><Pager page={page} total={found.total} what="responses" onPage={(next) => setAddress({ page: next === 1 ? undefined : next })} /></>}
            </div>
          )}
        </Loaded>
        {address.response && <ResponsePanel key={address.response} survey={survey.key} response={address.response} onClose={() => setAddress({ response: undefined })} />}
      </div>
    </>
  );
}

const COMPLETE = [{ value: "true", label: "To the end" }, { value: "false", label: "Not to the end" }];
const CHANNELS = ["email", "sms", "web", "link", "qr", "import"].map((value) => ({ value, label: channelName(value) }));

function Narrowed({ survey, filters }: { survey: Survey; filters: Record<string, string | undefined> }) {
  const formats = useFormats();
  const [, setAddress] = useAddress();
  const set = (name: string) => (value: string | null) => setAddress({ [name]: value ?? undefined, page: undefined });
  const asked = questionsOf(survey.spec as never).find((one) => keyOf(one) === filters.question?.split(".")[0]);
  const narrowed = FILTERS.some((name) => filters[name]);
  return (
    <div className="ft-filters">
      <Select className="ft-field" size="xs" aria-label="Channel" placeholder="Any channel" clearable data={CHANNELS} value={filters.channel ?? null} onChange={set("channel")} />
      <Select className="ft-field" size="xs" aria-label="Language" placeholder="Any language" clearable data={survey.languages.map((value) => ({ value, label: languageName(value, formats.setting.locale) }))} value={filters.language ?? null} onChange={set("language")} />
      <Select className="ft-field" size="xs" aria-label="How far" placeholder="Complete or not" clearable data={COMPLETE} value={filters.complete ?? null} onChange={set("complete")} />
      {filters.question && filters.answer && <Button size="xs" variant="default" onClick={() => setAddress({ question: undefined, answer: undefined, page: undefined })}>{asked ? anySaid(asked.ask, "en") : filters.question}: {filters.answer} ×</Button>}
      {narrowed && <Button size="xs" variant="default" onClick={() => setAddress(Object.fromEntries([...FILTERS, "page"].map((name) => [name, undefined])))}>Show all</Button>}
      <span className="grow" />
      <Button size="xs" variant="default" component="a" href={apiAddress(`surveys/${encodeURIComponent(survey.key)}/responses.csv`, filters)} download leftSection={<IconDownload size={14} stroke={1.7} aria-hidden />}>As CSV</Button>
    </div>
  );
}

function Rows({ survey, rows, chosen }: { survey: Survey; rows: Row[]; chosen?: string }) {
  const formats = useFormats();
  const [, setAddress] = useAddress();
  const columns: Column<Row>[] = [
    { name: "response", title: "Response", cell: (row) => <><button type="button" className="ft-link" onClick={() => setAddress({ response: row.response_id })}>{formats.instant(row.answered_at)}</button><span className="two" dir="auto">{row.text ? cut(row.text) : channelName(row.channel)}</span></> },
    { name: "person", title: "Person", cell: (row) => row.profile_id ? <PersonLink id={row.profile_id} name={row.person} /> : <span className="ft-muted">anonymous</span> },
    { name: "channel", title: "By", cell: (row) => channelName(row.channel) },
    { name: "language", title: "Language", cell: (row) => languageName(row.language, formats.setting.locale) },
    { name: "end", title: "How far", cell: (row) => row.complete ? <Badge tone="good">To the end</Badge> : <Badge>Begun</Badge> },
    { name: "score", title: measureName(survey.measure), number: true, key: true, cell: (row) => row.score === null ? <span className="ft-muted">–</span> : formats.number(row.score, 1) },
  ];
  return <Table label="Responses" columns={columns} rows={rows} rowKey={(row) => row.response_id} chosen={chosen} />;
}

const LONGEST = 90;
const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST).trimEnd()} …`);
