import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconMessageCircle, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Page, type Tone } from "@/components/page";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { measureName, scoreInterval, scoreWords, shareInterval } from "./score-words";

type Row = Schemas["SurveyRow"];

const STATES: Record<Row["state"], [string, Tone | undefined]> = { asking: ["Asking", "good"], open: ["Answers come in", "good"], quiet: ["Quiet", "warn"], unused: ["Not used yet", undefined] };

export const SurveyState = ({ state }: { state: Row["state"] }) => <Badge tone={STATES[state][1]}>{STATES[state][0]}</Badge>;

/** What we ask, who answers, and what came of it. */
export function SurveysPage() {
  const query = useQuery(queries.surveys());
  return (
    <Page title="Surveys" purpose="What do we ask, who answers, and what do they say?" actions={<Button component={Link} to="/surveys/new" leftSection={<IconPlus size={15} stroke={1.7} aria-hidden />}>New survey</Button>}>
      <Loaded query={query} rows={5}>
        {({ rows }) => (
          <div className="ft-card">
            {rows.length === 0
              ? <Empty icon={IconMessageCircle} title="No surveys yet" action={<Button component={Link} to="/surveys/new">New survey</Button>}>A survey asks in a mail, a text message, on a page of yours or by a link. Take a ready one, such as how likely people are to recommend you, and change its words.</Empty>
              : <><Rows rows={rows} /><div className="ft-foot">Answered is the share of those asked by a message. Intervals hold the true value nine times in ten.</div></>}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const columns: Column<Row>[] = [
    { name: "survey", title: "Survey", cell: (row) => <><Link to="/surveys/$key" params={{ key: row.key }}>{row.title}</Link><span className="two">{phone ? `${measureName(row.measure)}, ${formats.plural(row.answered, "answer", "answers")}` : aboutWords(row, formats)}</span></> },
    { name: "state", title: "State", cell: (row) => <SurveyState state={row.state} /> },
    { name: "by", title: "Asked by", cell: (row) => row.asked_by.length === 0 ? <span className="ft-muted">nobody</span> : <>{row.asked_by.map((one, place) => <span key={one.key}>{place > 0 && ", "}<Link to="/journeys/$key" params={{ key: one.key }}>{one.title}</Link></span>)}</> },
    { name: "asked", title: "Asked", number: true, cell: (row) => formats.count(row.asked) },
    { name: "answers", title: "Answers", number: true, cell: (row) => formats.count(row.answered) },
    { name: "rate", title: "Answered", number: true, cell: (row) => <Rate row={row} /> },
    { name: "last", title: "Last answer", number: true, cell: (row) => <span className="ft-muted">{row.last_answer_at ? formats.ago(row.last_answer_at) : "never"}</span> },
    { name: "score", title: "Score", number: true, key: true, cell: (row) => <ScoreCell row={row} /> },
  ];
  return <Table label="Surveys" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

const aboutWords = (row: Row, formats: ReturnType<typeof useFormats>): string =>
  [formats.plural(row.questions, "question", "questions"), row.languages.join(", "), row.touchpoint, row.anonymous ? "anonymous" : "", row.kept_by === "files" ? "kept in files" : ""].filter(Boolean).join(" · ");

function Rate({ row }: { row: Row }) {
  const formats = useFormats();
  if (!row.response) return <span className="ft-muted">–</span>;
  return <>{formats.share(row.response.score, row.asked)} <span className="ft-muted ft-small">{shareInterval(row.response, formats)}</span></>;
}

function ScoreCell({ row }: { row: Row }) {
  const formats = useFormats();
  if (row.measure === null) return <span className="ft-muted">not scored</span>;
  if (!row.score) return <span className="ft-muted">not yet</span>;
  return <><b>{scoreWords(row.score, formats)}</b> <span className="ft-muted ft-small">{measureName(row.measure)}, {scoreInterval(row.score, formats)}</span></>;
}
