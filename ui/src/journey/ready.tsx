import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Badge, Card, Page, Strip } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import "./making.css";
import { NewDraft } from "./new-draft";
import { kindOf } from "./step-words";

type Ready = Schemas["ReadyJourney"];

const Canvas = lazy(() => import("./canvas"));
const NOBODY = { entered: 0, arms: { treated: 0, held_out: 0 } };

/** Ready journeys to begin with; one of them drawn where the address names it. */
export function NewJourneyPage() {
  const [address] = useAddress();
  const query = useQuery(queries.readyJourneys());
  const chosen = query.data?.rows.find((row) => row.key === address.ready);
  if (chosen) return <Preview ready={chosen} />;
  return (
    <Page title="New journey" crumb={<Link to="/journeys">Journeys</Link>} purpose="What should happen for whom? Take one that is ready and change it, or begin with nothing.">
      <Loaded query={query} rows={10}>
        {({ rows }) => <ul className="ft-gallery" aria-label="Ready journeys">{rows.map((row) => <Offered key={row.key} row={row} />)}</ul>}
      </Loaded>
      <Card title="Begin with nothing"><div className="ft-body"><NewDraft verb="Begin a draft" /></div></Card>
    </Page>
  );
}

const writesBy = (row: Ready): string => row.channels.map(words).join(", ") || "no messages";

function Offered({ row }: { row: Ready }) {
  const formats = useFormats();
  return (
    <li className="ft-card ft-offered">
      <h2><Link to="/journeys/new" search={{ ready: row.key } as never}>{row.title}</Link>{row.there && <> <Badge>In the workspace</Badge></>}</h2>
      <p>{row.description}</p>
      <p className="ft-muted ft-small">{row.enters}</p>
      <p className="ft-muted ft-small">{formats.plural(row.steps.length, "step", "steps")} · {writesBy(row)}</p>
    </li>
  );
}

function Preview({ ready }: { ready: Ready }) {
  const formats = useFormats();
  const phone = useMediaQuery("(max-width: 700px)", false, { getInitialValueInEffect: false });
  const use = useUse(ready);
  return (
    <Page
      title={ready.title}
      crumb={<><Link to="/journeys">Journeys</Link> / <Link to="/journeys/new">New journey</Link></>}
      badges={ready.there && <Badge>In the workspace</Badge>}
      purpose={ready.description}
      actions={(
        <>
          <Button variant="default" component={Link} to="/journeys/new">Other journeys</Button>
          {ready.there
            ? <Button component={Link} to={`/journeys/${encodeURIComponent(ready.key)}`}>Open the journey</Button>
            : <Button loading={use.isPending} onClick={() => use.mutate()}>Use this journey</Button>}
        </>
      )}
    >
      {use.isError && <Failed error={use.error} />}
      <Strip
        facts={[
          { label: "Steps", value: formats.count(ready.steps.length) },
          { label: "Writes by", value: writesBy(ready) },
          { label: "Held out", value: formats.share(ready.holdout, 1), note: ready.holdout > 0 ? "by chance, to measure what it brings" : "nobody" },
        ]}
      />
      <div className="ft-grid">
        <Card title="Steps" line className="ft-c8">
          {phone ? <Listed ready={ready} /> : <Suspense fallback={<div style={{ height: 900 }} />}><Canvas journey={{ ...NOBODY, ...ready }} /></Suspense>}
        </Card>
        <div className="ft-stack ft-c4">
          <Card title="Who enters"><div className="ft-body"><p>{ready.enters}</p></div></Card>
          <Card title="What comes with it">
            <Table
              label="Documents" all rows={ready.parts} rowKey={(part) => `${part.kind} ${part.key}`}
              columns={[
                { name: "key", title: "Document", cell: (part) => <>{part.key}<span className="two">{part.kind}</span></> },
                { name: "there", title: "Becomes", cell: (part) => (part.there ? "there already, stays as it is" : "new, kept by the app") },
              ]}
            />
            <div className="ft-foot">Nobody enters before you start it.</div>
          </Card>
        </div>
      </div>
    </Page>
  );
}

function useUse(ready: Ready) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  return useMutation({
    mutationFn: () => post<Schemas["ReadyUsed"]>(`ready-journeys/${encodeURIComponent(ready.key)}`),
    onSuccess: async (used) => {
      await client.invalidateQueries();
      say(used.kept.length === 0 ? `${ready.title} is in the workspace. It has not started.` : `${ready.title} is in the workspace and has not started. Stayed as it was: ${used.kept.join(", ")}.`);
      void navigate({ to: "/journeys/$key", params: { key: used.key } });
    },
  });
}

/** The steps for the phone, in the order of the document. */
function Listed({ ready }: { ready: Ready }) {
  return <ol className="ft-stepsread">{ready.steps.map((step) => <li key={step.key}><b>{step.title}</b><span className="ft-muted ft-small">{kindOf(step)}{step.says ? `: ${step.says}` : ""}</span></li>)}</ol>;
}
