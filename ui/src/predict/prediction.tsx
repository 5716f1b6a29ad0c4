import { Button } from "@mantine/core";
import { IconCopy, IconGitBranch, IconPencil, IconUsers } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card, Page } from "@/components/page";
import { Loaded } from "@/components/states";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import { Drivers } from "./drivers";
import { History } from "./history";
import { ModelCard } from "./model-card";
import { LookView, useLook } from "./look";
import { PeopleTab } from "./people";
import { Trust } from "./predictions";
import { Quality } from "./quality";
import { WorkBar } from "./work";
import type { Mapping } from "@/condition/written";
import "./predict.css";

type Body = Schemas["PredictionBody"];

const bare = (sentence: string) => sentence.replace(/\.$/, "");
const TABS = [["quality", "Quality"], ["drivers", "Drivers"], ["people", "People"], ["card", "Model card"], ["history", "History"], ["yaml", "YAML"]] as const;

export function PredictionPage() {
  const key = useParams({ strict: false }).key ?? "";
  const formats = useFormats();
  const query = useQuery(queries.prediction(key));
  const [address, setAddress] = useAddress();
  const tab = TABS.find(([name]) => name === address.tab)?.[0] ?? "quality";
  const data = query.data;
  return (
    <Page
      title={data?.title ?? "Prediction"}
      crumb={<Link to="/predictions">Predictions</Link>}
      badges={data && <><Trust row={data} />{data.trained_as_of && <Badge>Trained to {formats.day(data.trained_as_of)} on {formats.count(data.n)} {data.unit === "money" ? "people" : "rows"}</Badge>}<Kept prediction={key} /></>}
      purpose={data && `Foreseen: ${bare(data.question)}. About: ${bare(data.population_says)}.`}
      actions={data && <Actions prediction={data} />}
    >
      <Tabs label="Parts of the prediction" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === "quality" ? undefined : next, page: undefined, cell: undefined, gte: undefined }, true)} />
      <Loaded query={query} rows={12}>{(prediction) => <Content prediction={prediction} tab={tab} />}</Loaded>
    </Page>
  );
}

function Content({ prediction, tab }: { prediction: Body; tab: (typeof TABS)[number][0] }) {
  if (tab === "yaml") return <Written prediction={prediction} />;
  if (tab === "history") return <History prediction={prediction} />;
  if (prediction.by_horizon.length === 0) return <NotYet prediction={prediction} />;
  if (tab === "card") return <ModelCard prediction={prediction.key} />;
  if (tab === "people") return <PeopleTab prediction={prediction} />;
  return tab === "drivers" ? <Drivers prediction={prediction} /> : <Quality prediction={prediction} />;
}

function Kept({ prediction }: { prediction: string }) {
  const document = useQuery(queries.predictionDocument(prediction)).data;
  return document?.kept_by === "files" ? <Badge><IconGitBranch size={12} stroke={1.7} aria-hidden />Kept in git</Badge> : null;
}

function Actions({ prediction }: { prediction: Body }) {
  const mine = useQuery(queries.predictionDocument(prediction.key)).data?.kept_by === "app";
  const [, setAddress] = useAddress();
  const highest = Math.max(...Object.values(prediction.bands ?? {}), 0);
  return (
    <>
      {mine && <Button variant="default" component={Link} to={`/predictions/${encodeURIComponent(prediction.key)}/edit`} leftSection={<IconPencil size={15} stroke={1.7} aria-hidden />}>Edit</Button>}
      {prediction.scores.length > 0 && <Button leftSection={<IconUsers size={15} stroke={1.7} aria-hidden />} onClick={() => setAddress({ tab: "people", gte: prediction.unit === "probability" && highest > 0 ? highest : undefined, page: undefined, cell: undefined })}>Whom to act on</Button>}
    </>
  );
}

/** Never trained: what there is to learn from, instead of a model. */
function NotYet({ prediction }: { prediction: Body }) {
  const document = useQuery(queries.predictionDocument(prediction.key)).data;
  const look = useLook(document ? (document.spec as Mapping) : null, prediction.key);
  return (
    <>
      <WorkBar prediction={prediction.key} isTrained={false} />
      <Loaded query={look.query} rows={8} what="Counting the outcome in each past window">{(answer) => <LookView look={answer} />}</Loaded>
    </>
  );
}

function Written({ prediction }: { prediction: Body }) {
  const query = useQuery(queries.predictionDocument(prediction.key));
  return (
    <Loaded query={query} rows={6}>
      {(document) => (
        <Card title="As written" side={<>{document.file}{document.kept_by === "files" && ", kept in git"} · <Link to="/predictions/new" search={{ copy: prediction.key } as never}><IconCopy size={13} stroke={1.7} aria-hidden /> copy as new</Link></>}>
          <pre className="ft-pre" tabIndex={0} aria-label="Prediction as YAML">{document.yaml}</pre>
        </Card>
      )}
    </Loaded>
  );
}
