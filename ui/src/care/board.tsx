import { Menu } from "@mantine/core";
import { IconArrowsExchange } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { CaseRow } from "@/api/types";
import { personName } from "@/components/person-name";
import { Failed, Shapes } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { CaseBadges } from "./case-badges";
import type { CaseFilters } from "./case-filters";
import { nextState, STATES } from "./moves";
import { useMove, type State } from "./use-change";

interface Moving {
  row: CaseRow;
  over: State | null;
}

/** A column a state. Cases are moved by mouse, by Shift and an arrow key, or from their menu. */
export function Board({ filters, sort, chosen }: { filters: CaseFilters; sort?: string; chosen?: string }) {
  const [moving, setMoving] = useState<Moving | null>(null);
  const [said, setSaid] = useState("");
  const move = useMove();
  const navigate = useNavigate();
  const say = useToast();
  const to = (row: CaseRow, state: State | null) => {
    setMoving(null);
    if (state === null || state === row.state) return;
    if (state === "closed") {
      say("Say what came of it to close it.");
      void navigate({ to: "/cases/$id", params: { id: row.case_id }, search: ((before: unknown) => before) as never });
      return;
    }
    move.mutate({ row, state }, { onSuccess: () => setSaid(`${row.title}: ${words(state).toLowerCase()}.`) });
  };
  return (
    <>
      <p className="ft-sr" role="status" aria-live="polite">{said}</p>
      <div className="ft-board">
        {STATES.map((state) => (
          <Column key={state} state={state} filters={filters} sort={sort} chosen={chosen} moving={moving} setMoving={setMoving} onMove={to} />
        ))}
      </div>
    </>
  );
}

interface ColumnProps {
  state: State;
  filters: CaseFilters;
  sort?: string;
  chosen?: string;
  moving: Moving | null;
  setMoving: (moving: Moving | null) => void;
  onMove: (row: CaseRow, state: State | null) => void;
}

function Column({ state, filters, sort, chosen, moving, setMoving, onMove }: ColumnProps) {
  const formats = useFormats();
  const query = useQuery(queries.cases({ ...filters, state, sort: sort ?? (state === "closed" ? "opened" : undefined) }));
  const rows = query.data?.rows ?? [];
  const more = (query.data?.total ?? 0) - rows.length;
  return (
    <section
      className="ft-boardcol"
      aria-label={words(state)}
      data-over={moving?.over === state && moving.row.state !== state}
      onDragOver={(event) => {
        if (!moving) return;
        event.preventDefault();
        if (moving.over !== state) setMoving({ ...moving, over: state });
      }}
      onDrop={(event) => { event.preventDefault(); if (moving) onMove(moving.row, state); }}
    >
      <h2>{words(state)} <span className="ft-muted">{query.data && formats.count(query.data.total)}</span></h2>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Shapes rows={3} />}
      {query.data && rows.length === 0 && <p className="ft-muted ft-small">No case here.</p>}
      <ul>
        {rows.map((row) => (
          <li key={row.case_id}>
            <BoardCase row={row} chosen={chosen === row.case_id} setMoving={setMoving} onMove={onMove} />
          </li>
        ))}
      </ul>
      {more > 0 && <Link className="ft-small" to="/cases" search={((before: Record<string, unknown>) => ({ ...before, view: undefined, state })) as never}>{formats.plural(more, "more case", "more cases")} in the list</Link>}
    </section>
  );
}

function BoardCase({ row, chosen, setMoving, onMove }: { row: CaseRow; chosen: boolean; setMoving: ColumnProps["setMoving"]; onMove: ColumnProps["onMove"] }) {
  const formats = useFormats();
  return (
    <article
      className="ft-boardcase"
      draggable
      data-chosen={chosen}
      onDragStart={(event) => { event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", row.case_id); setMoving({ row, over: null }); }}
      onDragEnd={() => setMoving(null)}
      onKeyDown={(event) => {
        if (!event.shiftKey || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
        event.preventDefault();
        onMove(row, nextState(row.state, event.key === "ArrowRight" ? 1 : -1));
      }}
    >
      <div className="ft-boardtop">
        <Link to="/cases/$id" params={{ id: row.case_id }} search={((before: unknown) => before) as never} aria-keyshortcuts="Shift+ArrowRight Shift+ArrowLeft">{row.title}</Link>
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <button type="button" className="ft-iconbutton" aria-label={`Move ${row.title}`} title="Move to another state"><IconArrowsExchange size={16} stroke={1.7} aria-hidden /></button>
          </Menu.Target>
          <Menu.Dropdown>
            {STATES.filter((state) => state !== row.state).map((state) => <Menu.Item key={state} onClick={() => onMove(row, state)}>Move to {words(state).toLowerCase()}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      </div>
      <span><bdi>{personName({ ...row, name: row.person })}</bdi></span>
      <span className="ft-chips"><CaseBadges row={row} state={false} /></span>
      <span className="ft-boardfoot ft-small ft-muted">
        <span>{row.owner ?? row.team ?? "nobody yet"}</span>
        <span className={row.late ? "ft-bad" : undefined}>{formats.due(row.due_at)}</span>
        {row.value_at_risk !== null && <span className="ft-num">{formats.money(row.value_at_risk)} at risk</span>}
      </span>
    </article>
  );
}

