import { Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { PersonLink } from "@/components/person-link";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { CAUSES, STATES } from "./persona-words";

type Interview = Schemas["InterviewBody"];
const OPTIONS = Object.entries(STATES).map(([value, label]) => ({ value, label }));

/** Whom to ask, how it stands, and what to ask. */
export function InterviewList({ rows, purpose, withPersona = false }: { rows: readonly Interview[]; purpose?: string; withPersona?: boolean }) {
  if (rows.length === 0) return <p className="ft-body ft-muted">Nobody is picked. Only people who may be asked{purpose ? ` (${purpose})` : ""} are.</p>;
  return <ul className="ft-interviews">{rows.map((row) => <Line key={row.interview_id} row={row} withPersona={withPersona} />)}</ul>;
}

function Line({ row, withPersona }: { row: Interview; withPersona: boolean }) {
  const [opened, setOpened] = useState(false);
  const client = useQueryClient();
  const say = useToast();
  const change = useMutation({
    mutationFn: (state: string) => post<Interview>(`personas/interviews/${encodeURIComponent(row.interview_id)}`, { state }),
    onSuccess: (made) => {
      void client.invalidateQueries();
      say(`${STATES[made.state]}.`);
    },
  });
  const name = row.person ?? row.profile_id;
  return (
    <li>
      <div className="who">
        <PersonLink id={row.profile_id} name={row.person} />
        <span className="ft-muted ft-small">{CAUSES[row.cause]}{withPersona && <> · <Link to="/personas/$key" params={{ key: row.persona }}>{row.persona_title}</Link></>} · {row.guide[0]?.about}</span>
      </div>
      <button type="button" className="ft-link ft-small" aria-expanded={opened} onClick={() => setOpened(!opened)}>{opened ? "Hide" : "Show"} {row.guide.length} questions <span className="ft-sr">for {name}</span></button>
      <Select aria-label={`How the interview with ${name} stands`} size="xs" allowDeselect={false} data={OPTIONS} value={row.state} onChange={(state) => state && state !== row.state && change.mutate(state)} />
      {change.isError && <Failed error={change.error} />}
      <ol className="guide" data-opened={opened}>{row.guide.map((one, index) => <li key={index}>{one.question} <span className="ft-muted ft-small">({one.about})</span></li>)}</ol>
    </li>
  );
}
