import { SegmentedControl } from "@mantine/core";
import { IconMessage2, IconQuote, IconTags } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { CSSProperties } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card, type Tone } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Spark } from "@/components/spark";
import { Empty, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { words as worded } from "@/formats/words";
import "./text-parts.css";

/** Which texts the page is about; what is left out does not narrow. */
export interface TextFilters { from?: string; to?: string; survey?: string; origin?: string; segment?: string }

type Theme = Schemas["ThemeRow"];
type Word = Schemas["WordRow"];
type Sentiment = Schemas["QuoteRow"]["sentiment"];

const FEELS = [{ value: "all", label: "All" }, { value: "positive", label: "Positive" }, { value: "neutral", label: "Neutral" }, { value: "negative", label: "Negative" }];
const TONES: Record<Sentiment, Tone | undefined> = { positive: "good", neutral: undefined, negative: "bad", unknown: undefined };
/** Stands for texts without a theme, here and at the server. */
const NONE = "-";
const WORDS_SHOWN = 48;
/** Why nobody can say how sure "neutral" is. */
const ASSUMED = "How many texts have no opinion is not measured: the model that comes with Foretell takes it that one in five has none. A model trained on your own answers measures it.";

/** What is chosen on the page, as it is asked for. */
function useChosen(filters: TextFilters) {
  const [address, setAddress] = useAddress();
  return { asked: { ...filters, theme: address.theme, sentiment: address.feels }, address, setAddress };
}

/** What people write about: how many, how it feels, how it has changed. */
export function Themes({ filters }: { filters: TextFilters }) {
  const formats = useFormats();
  const { address, setAddress } = useChosen(filters);
  const query = useQuery(queries.feedbackThemes({ ...filters }));
  const columns: Column<Theme>[] = [
    {
      name: "theme", title: "Theme",
      cell: (row) => (
        <>
          <button type="button" className="ft-link" aria-pressed={address.theme === (row.key || NONE)} onClick={() => setAddress({ theme: address.theme === (row.key || NONE) ? undefined : row.key || NONE })}>
            {row.title || "Without a theme"}
          </button>
          {row.named && <span className="two">Named by the team</span>}
        </>
      ),
    },
    { name: "feels", title: "How it feels", cell: (row) => <Feels counts={row.sentiments} texts={row.texts} />, width: 190 },
    { name: "people", title: "People", number: true, cell: (row) => formats.count(row.people) },
    { name: "trend", title: "Over the period", number: true, cell: (row) => <Spark points={row.trend.map((value) => ({ value, low: null, high: null }))} height={30} /> },
    { name: "change", title: "Before", number: true, cell: (row) => <Before row={row} /> },
    { name: "texts", title: "Texts", number: true, key: true, cell: (row) => formats.count(row.texts) },
  ];
  return (
    <Card title="What people write about" line>
      <Loaded query={query} rows={6}>
        {(found) => found.texts === 0 && found.rows.length === 0
          ? <Empty icon={IconTags} title="Nobody has written anything yet">Themes are found in the words of answers, tickets, reviews and replies, as soon as five people speak of the same.</Empty>
          : <Table label="Themes" columns={columns} rows={found.rows} rowKey={(row) => row.key || NONE} chosen={address.theme} />}
      </Loaded>
    </Card>
  );
}

function Before({ row }: { row: Theme }) {
  const formats = useFormats();
  const change = row.texts - row.before;
  return <>{formats.count(row.before)}<span className="two">{change === 0 ? "no change" : `${formats.count(Math.abs(change))} ${change > 0 ? "more" : "fewer"} now`}</span></>;
}

/** Shares of positive, neutral and negative texts as one bar, with the numbers for those who do not see it. */
function Feels({ counts, texts }: { counts: Schemas["BySentiment"]; texts: number }) {
  const formats = useFormats();
  const known = counts.positive + counts.neutral + counts.negative;
  if (known === 0) return <span className="ft-muted">{texts ? "nobody can say" : "–"}</span>;
  const said = `${formats.count(counts.positive)} positive, ${formats.count(counts.neutral)} neutral, ${formats.count(counts.negative)} negative${counts.unknown ? `, ${formats.count(counts.unknown)} unknown` : ""}`;
  return (
    <span className="ft-feels" role="img" aria-label={said} title={said}>
      {(["positive", "neutral", "negative"] as const).map((name) => <i key={name} data-feels={name} style={{ flexGrow: counts[name] }} />)}
    </span>
  );
}

/** People's own words, those first that stand for most; personal data is masked by the server. */
export function Quotes({ filters }: { filters: TextFilters }) {
  const formats = useFormats();
  const { asked, address, setAddress } = useChosen(filters);
  const query = useQuery(queries.feedbackQuotes({ ...asked, limit: 8 }));
  return (
    <Card title="In their own words" line side={<Feeling value={address.feels} onChange={(feels) => setAddress({ feels })} />}>
      <Loaded query={query} rows={5}>
        {({ rows }) => rows.length === 0
          ? <Empty icon={IconQuote} title="No such words">Nothing that was written fits what is chosen. Choose another theme or feeling.</Empty>
          : (
            <ul className="ft-quotes">
              {rows.map((row) => (
                <li key={row.message_id}>
                  <blockquote dir="auto">{row.text}{row.whole ? "" : " …"}</blockquote>
                  <p className="ft-muted ft-small">
                    <Badge tone={TONES[row.sentiment]}>{row.sentiment === "unknown" ? "Feeling unknown" : worded(row.sentiment)}</Badge>
                    {row.probability !== null && (row.assumed ? <span title={ASSUMED}>{formats.share(row.probability)}, assumed</span> : <span>{formats.share(row.probability)} sure</span>)}
                    {row.score !== null && <span>score {formats.number(row.score, row.score % 1 ? 1 : 0)}</span>}
                    {row.profile_id && <PersonLink id={row.profile_id} name={row.person} />}
                    <span>{formats.day(row.at)}</span>
                    {row.alike > 1 && <span>{formats.count(row.alike)} say the like</span>}
                  </p>
                </li>
              ))}
            </ul>
          )}
      </Loaded>
    </Card>
  );
}

function Feeling({ value, onChange }: { value?: string; onChange: (value: string | undefined) => void }) {
  return <SegmentedControl aria-label="How it feels" size="xs" data={FEELS} value={value ?? "all"} onChange={(next) => onChange(next === "all" ? undefined : next)} />;
}

/** A cloud of words, and the same as a list: what is larger is said more often, what is coloured leans one way. */
export function Words({ filters }: { filters: TextFilters }) {
  const formats = useFormats();
  const { asked } = useChosen(filters);
  const query = useQuery(queries.feedbackWords({ ...asked, limit: WORDS_SHOWN }));
  const columns: Column<Word>[] = [
    { name: "word", title: "Word", cell: (row) => row.word },
    { name: "positive", title: "Positive", number: true, cell: (row) => formats.count(row.positive) },
    { name: "negative", title: "Negative", number: true, cell: (row) => formats.count(row.negative) },
    { name: "people", title: "People", number: true, cell: (row) => formats.count(row.people) },
    { name: "texts", title: "Texts", number: true, key: true, cell: (row) => formats.count(row.texts) },
  ];
  return (
    <Card title="Words" line>
      <Loaded query={query} rows={6}>
        {({ rows }) => rows.length === 0
          ? <Empty icon={IconMessage2} title="No words yet">A word is shown as soon as two people have used it.</Empty>
          : (
            <div className="ft-words">
              <Cloud rows={rows} />
              <div className="ft-wordlist"><Table label="Words" columns={columns} rows={rows} rowKey={(row) => row.word} /></div>
            </div>
          )}
      </Loaded>
    </Card>
  );
}

function Cloud({ rows }: { rows: Word[] }) {
  const most = Math.max(...rows.map((row) => row.texts));
  const sorted = [...rows].sort((one, other) => one.word.localeCompare(other.word));
  return (
    <p className="ft-cloud" aria-hidden>
      {sorted.map((row) => (
        <span key={row.word} data-feels={leaning(row)} style={{ "--size": Math.sqrt(row.texts / most).toFixed(3) } as CSSProperties}>{row.word}</span>
      ))}
    </p>
  );
}

/** Which way most of the texts with a word lean; none where neither is clearly more. */
function leaning(row: Word): Sentiment {
  const [more, less] = [Math.max(row.positive, row.negative), Math.min(row.positive, row.negative)];
  if (more < 3 || more < 2 * less) return "neutral";
  return row.positive > row.negative ? "positive" : "negative";
}
