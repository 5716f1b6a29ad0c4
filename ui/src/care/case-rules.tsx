import { Button, Select } from "@mantine/core";
import { IconBolt, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Page } from "@/components/page";
import { Empty, Failed, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useToast } from "@/components/toast";
import { useChoices } from "./use-change";
import "./care.css";

type Row = Schemas["CaseRuleRow"];

/** Kinds of cases, and what opens them by itself. */
export function CaseRulesPage() {
  const query = useQuery(queries.caseRules());
  return (
    <Page title="Case rules" purpose="Which cases open by themselves, for whom, and by when?">
      <Loaded query={query} rows={4}>
        {({ rows, ready }) => (
          <>
            <div className="ft-card">
              {rows.length === 0
                ? <Empty icon={IconBolt} title="No case opens by itself yet">A case rule says how a kind of case is worked on, and what opens one: a low answer at once, or a condition. Begin with one of those below.</Empty>
                : <Rules rows={rows} />}
            </div>
            {ready.length > 0 && <Ready rows={ready} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Rules({ rows }: { rows: Row[] }) {
  const columns: Column<Row>[] = [
    { name: "rule", title: "Kind of case", cell: (row) => <Link to="/cases" search={{ rule: row.key } as never}>{row.title}</Link> },
    { name: "opens", title: "Opens for", cell: (row) => row.opens.length > 0 ? row.opens.map((one) => <span className="two" key={one}>{one}</span>) : <span className="ft-muted">journeys and people open them</span> },
    { name: "team", title: "Team", cell: (row) => row.team ?? <span className="ft-muted">none</span> },
    { name: "due", title: "Due in", number: true, key: true, cell: (row) => row.due ?? "–" },
  ];
  return <Table label="Case rules" columns={columns} rows={rows} rowKey={(row) => row.key} />;
}

function Ready({ rows }: { rows: Schemas["ReadyCaseRule"][] }) {
  const client = useQueryClient();
  const say = useToast();
  const choices = useChoices();
  const [team, setTeam] = useState<string | null>(null);
  const begin = useMutation({
    mutationFn: (key: string) => post<Schemas["SavedDocument"]>(`case-rules/ready/${encodeURIComponent(key)}${team ? `?team=${encodeURIComponent(team)}` : ""}`, {}),
    onSuccess: () => {
      for (const name of ["case-rules", "cases/choices"]) void client.invalidateQueries({ queryKey: [name] });
      say("It opens cases from now on.");
    },
  });
  const teams = choices?.teams ?? [];
  return (
    <Card title="To begin with" side={teams.length > 0 && <Select className="ft-field" aria-label="Team" placeholder="The rule's own team" clearable data={teams.map((one) => ({ value: one.key, label: one.title }))} value={team} onChange={setTeam} w={190} />}>
      {begin.isError && <Failed error={begin.error} />}
      <div className="ft-body"><ul className="ft-readies">
        {rows.map((row) => (
          <li key={row.key}>
            <span><strong>{row.title}</strong><span className="two">{row.description}</span>{row.needs.length > 0 && <span className="two">Needs the {row.needs.join(", ")} first.</span>}</span>
            <Button variant="default" size="xs" disabled={row.needs.length > 0} leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} loading={begin.isPending && begin.variables === row.key} onClick={() => begin.mutate(row.key)}>Open such cases</Button>
          </li>
        ))}
      </ul></div>
    </Card>
  );
}
