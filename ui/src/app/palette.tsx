import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconChartDots, IconRoute, IconSearch, IconTargetArrow, IconTrendingUp, IconUser, type Icon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { queries } from "@/api/queries";
import { personName } from "@/components/person-name";
import { useFormats } from "@/formats/context";
import { SECTIONS } from "./sections";

interface Found { id: string; group: "People" | "Go to" | "Do"; title: string; detail?: string; icon: Icon; to: string }

const MOST = 6;

/** Search and commands: people by any identifier, documents by name, pages. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={560} padding={0} centered={false} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Search"><Modal.Body>{opened && <Search onClose={onClose} />}</Modal.Body></Modal.Content>
    </Modal.Root>
  );
}

function Search({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const list = useId();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const chosenRow = useRef<HTMLDivElement>(null);
  const { found, busy } = useFound(text);
  const at = Math.min(chosen, found.length - 1);
  useEffect(() => {
    // In braces: newer browsers give a promise, which React would take for a clean-up.
    chosenRow.current?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const open = (one: Found | undefined) => {
    if (!one) return;
    onClose();
    void navigate({ to: one.to } as never);
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setChosen((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length));
    } else if (event.key === "Enter") open(found[at]);
  };
  return (
    <div className="ft-palette">
      <div className="head">
        <IconSearch size={17} stroke={1.7} className="ft-icon ft-muted" aria-hidden />
        <input data-autofocus role="combobox" aria-expanded aria-controls={list} aria-activedescendant={found[at] ? `${list}${at}` : undefined} aria-label="Search people, documents and pages" placeholder="Name, e-mail, id, segment, journey" value={text} onChange={(event) => { setText(event.target.value); setChosen(0); }} onKeyDown={onKey} autoComplete="off" spellCheck={false} />
        <kbd>Esc</kbd>
      </div>
      <div className="list" role="listbox" id={list} aria-label="Results">
        {found.map((one, index) => (
          <div key={one.id}>
            {one.group !== found[index - 1]?.group && <div className="group" role="presentation">{one.group}</div>}
            <div role="option" id={`${list}${index}`} aria-selected={index === at} ref={index === at ? chosenRow : undefined} onClick={() => open(one)} onMouseMove={() => setChosen(index)}>
              <one.icon size={16} stroke={1.7} className="ft-icon ft-muted" aria-hidden /><b>{one.title}</b><span className="ft-muted ft-small ft-clip">{one.detail}</span>
            </div>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="ft-muted" style={{ padding: "4px 16px 16px" }} role="status">{busy ? "Looking" : `Nothing found for “${text}”. Try an e-mail address or the beginning of a name.`}</p>}
    </div>
  );
}

function useFound(text: string): { found: Found[]; busy: boolean } {
  const formats = useFormats();
  const wanted = text.trim().toLowerCase();
  const [asked] = useDebouncedValue(text.trim(), 180);
  const people = useQuery({ ...queries.people({ q: asked }), enabled: asked.length > 0 });
  const segments = useQuery(queries.segments());
  const predictions = useQuery(queries.predictions());
  const journeys = useQuery(queries.journeys());
  const kpis = useQuery(queries.kpis());
  const matches = (one: Found) => one.title.toLowerCase().includes(wanted);
  const documents: Found[] = [
    ...(segments.data?.rows ?? []).map((row): Found => ({ id: `segment ${row.key}`, group: "Go to", title: row.title, detail: `Segment, ${formats.people(row.members)}`, icon: IconChartDots, to: `/segments/${row.key}` })),
    ...(journeys.data?.rows ?? []).map((row): Found => ({ id: `journey ${row.key}`, group: "Go to", title: row.title, detail: "Journey", icon: IconRoute, to: `/journeys/${row.key}` })),
    ...(predictions.data?.rows ?? []).map((row): Found => ({ id: `prediction ${row.key}`, group: "Go to", title: row.title, detail: "Prediction", icon: IconTrendingUp, to: `/predictions/${row.key}` })),
    ...(kpis.data?.rows ?? []).map((row): Found => ({ id: `kpi ${row.key}`, group: "Go to", title: row.title, detail: "KPI", icon: IconTargetArrow, to: `/kpis/${row.key}` })),
  ];
  const pages = SECTIONS.map((section): Found => ({ id: section.to, group: "Go to", title: section.title, detail: "Page", icon: section.icon, to: section.to }));
  const actions: Found[] = [
    { id: "new prediction", group: "Do", title: "New prediction", detail: "Action", icon: IconTrendingUp, to: "/predictions/new" },
    { id: "new segment", group: "Do", title: "New segment", detail: "Action", icon: IconChartDots, to: "/segments/new" },
  ];
  if (!wanted) return { found: pages, busy: false };
  const persons = asked ? (people.data?.rows ?? []).slice(0, MOST) : [];
  return {
    busy: people.isFetching || asked !== text.trim(),
    found: [
      ...persons.map((row): Found => ({ id: row.profile_id, group: "People", title: personName(row), detail: [row.name ? row.email : null, row.churn ? `churn ${formats.probability(row.churn.score)}` : null].filter(Boolean).join(" · "), icon: IconUser, to: `/people/${row.profile_id}` })),
      ...documents.filter(matches).slice(0, MOST + 2),
      ...pages.filter(matches),
      ...actions.filter(matches),
    ],
  };
}
