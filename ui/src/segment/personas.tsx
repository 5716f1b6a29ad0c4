import { Button } from "@mantine/core";
import { IconSearch, IconUsersGroup } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, Page, Strip } from "@/components/page";
import { Empty, Failed, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { InterviewList } from "./persona-interviews";
import { differs } from "./persona-words";
import "./persona.css";

type Row = Schemas["PersonaRow"];
type Build = Schemas["BuildBody"];

export function PersonasPage() {
  const query = useQuery(queries.personas());
  return (
    <Page title="Personas" purpose="Which kinds of customers are there? They are found by what people keep doing, and only where they are found again." actions={<Find />}>
      <Loaded query={query} rows={8}>{(told) => (told.rows.length === 0 ? <None told={told} /> : <Content told={told} />)}</Loaded>
    </Page>
  );
}

function Find() {
  const client = useQueryClient();
  const say = useToast();
  const finding = useMutation({
    mutationFn: () => post<Build>("personas/build", {}),
    onSuccess: (made) => {
      for (const name of ["personas", "personas/interviews"]) void client.invalidateQueries({ queryKey: [name] });
      say(made.says);
    },
  });
  return (
    <>
      {finding.isError && <Failed error={finding.error} />}
      <Button loading={finding.isPending} onClick={() => finding.mutate()} leftSection={<IconSearch size={15} stroke={1.7} aria-hidden />}>Find personas</Button>
    </>
  );
}

function None({ told }: { told: Schemas["Personas"] }) {
  const formats = useFormats();
  return (
    <>
      <div className="ft-card">
        <Empty icon={IconUsersGroup} title="No personas yet">
          {told.last ? told.last.says : `Personas need ${formats.count(told.needed)} people who are known for ${spanOf(told.history)} or longer. Nobody has looked yet.`}
        </Empty>
      </div>
      {told.last && told.last.candidates.length > 0 && <Found build={told.last} />}
    </>
  );
}

function Content({ told }: { told: Schemas["Personas"] }) {
  const formats = useFormats();
  const interviews = useQuery(queries.personaInterviews());
  const { last } = told;
  return (
    <>
      {last && last.state !== "built" && <p className="ft-note" data-tone="warn">{last.says} The personas of before are kept.</p>}
      {last && last.state === "built" && (
        <Strip facts={[
          { label: "People with a persona", value: formats.count(last.with_history), note: `known for ${spanOf(last.history)} or longer` },
          { label: "Least stable", value: formats.share(Math.min(...told.rows.map((row) => row.stability))), note: "of it is found again" },
          { label: "Rules name", value: formats.share(last.fidelity), note: "of people rightly" },
          { label: "Left out", value: formats.count(Object.values(last.left_out).reduce((sum, one) => sum + one, 0)), note: "object, or may not be profiled" },
          { label: "Built", value: formats.day(last.as_of), note: `by ${last.by}` },
        ]} />
      )}
      <div className="ft-personas">{told.rows.map((row) => <PersonaCard key={row.key} row={row} />)}</div>
      {told.vanished.length > 0 && (
        <p className="ft-muted ft-gone">No longer found: {told.vanished.map((row, index) => <span key={row.key}>{index > 0 && ", "}<Link to="/personas/$key" params={{ key: row.key }}>{row.title}</Link></span>)}.</p>
      )}
      {last && <Found build={last} />}
      <Loaded query={interviews} rows={6}>
        {(asked) => (
          <Card title="Whom to ask" side="the most loyal, and those who left lately" line>
            <InterviewList rows={asked.rows} purpose={asked.purpose} withPersona />
          </Card>
        )}
      </Loaded>
    </>
  );
}

function PersonaCard({ row }: { row: Row }) {
  const formats = useFormats();
  return (
    <section className="ft-card ft-persona">
      <h2><Link to="/personas/$key" params={{ key: row.key }}>{row.title}</Link></h2>
      <div className="ft-hero"><b>{formats.share(row.share)}</b><span className="ft-muted">{formats.people(row.people)}</span></div>
      <div className="ft-chips"><Badge tone={row.stability >= 0.85 ? "good" : "warn"}>{formats.share(row.stability)} found again</Badge></div>
      <ul>{row.differences.slice(0, 3).map((one) => <li key={one.behaviour}>{differs(one, formats)}</li>)}</ul>
      {row.rule_says && <p className="ft-muted ft-small">{row.rule_says}</p>}
    </section>
  );
}

/** How many kinds were tried, and what counted. */
function Found({ build }: { build: Build }) {
  const formats = useFormats();
  const used = build.behaviours.filter((one) => one.left_out === null);
  const left = build.behaviours.filter((one) => one.left_out !== null && one.left_out !== "was never seen");
  return (
    <div className="ft-grid">
      <Card title="How many kinds are there?" className="ft-c6" side="stable from 75 % found again, each at least 5 %" line>
        <Table
          label="Numbers of personas that were tried"
          rows={build.candidates}
          rowKey={(row) => String(row.kinds)}
          columns={[
            { name: "kinds", title: "Personas", cell: (row) => <>{row.kinds} {row.chosen && <Badge tone="accent">taken</Badge>}</> },
            { name: "worst", title: "Least stable", number: true, key: true, cell: (row) => <span className={row.stable ? undefined : "ft-warn"}>{formats.share(row.worst_jaccard)}</span> },
            { name: "smallest", title: "Smallest", number: true, cell: (row) => formats.share(row.smallest_share) },
            { name: "silhouette", title: "Silhouette", number: true, cell: (row) => formats.number(row.silhouette) },
          ]}
        />
      </Card>
      <Card title="By which habits?" className="ft-c6" line>
        <div className="ft-body" style={{ paddingTop: 12, display: "grid", gap: 10 }}>
          <ul className="ft-plain">{used.map((one) => <li key={one.key} className="ft-line"><span>{one.title}</span><span className="ft-muted ft-small">{one.kept_up === null ? "not judged yet" : `kept up ${formats.number(one.kept_up)}`}</span></li>)}</ul>
          {left.length > 0 && <p className="ft-muted ft-small">Left out: {left.map((one) => `${one.title} (${one.left_out})`).join("; ")}.</p>}
        </div>
      </Card>
    </div>
  );
}
