import { Select } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import type { Schemas } from "@/api/types";
import type { Address } from "@/components/address";
import { Empty } from "@/components/states";
import { Spark } from "@/components/spark";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { BreachPanel } from "./breach-panel";
import { ruleTitle, sourceTitle } from "./codes";

type Breach = Schemas["BreachBody"];
const NAMES = ["owner", "source", "field"] as const;
const keyOf = (row: Breach) => [row.source, row.event, row.field, row.rule].join("/");

interface Props { told: Schemas["Violations"]; address: Record<string, string | undefined>; onChange: (change: Address) => void }

/** Who has to mend what: the rule that was breached most often first. */
export function Violations({ told, address, onChange }: Props) {
  const rows = told.breaches.filter((one) => NAMES.every((name) => !address[name] || one[name] === address[name]));
  const chosen = rows.find((one) => keyOf(one) === address.breach);
  const clear = () => onChange({ ...Object.fromEntries(NAMES.map((name) => [name, undefined])), breach: undefined });
  if (told.breaches.length === 0) {
    return <div className="ft-card"><Empty icon={IconShieldCheck} title="Nothing breached a plan">{told.events ? "All that arrived in the time chosen is as the plans say." : "Nothing arrived in the time chosen."}</Empty></div>;
  }
  return (
    <>
      <Filters breaches={told.breaches} address={address} rows={rows.length} onChange={(change) => onChange({ ...change, breach: undefined })} />
      <div className="ft-panelgrid" data-open={Boolean(chosen)}>
        <div className="ft-card">
          {rows.length ? <Rows rows={rows} chosen={chosen} onChoose={(row) => onChange({ breach: keyOf(row) })} /> : <Empty icon={IconShieldCheck} title="No violation is like this" action={<button type="button" className="ft-link" onClick={clear}>Clear filters</button>}>No rule has all of what is chosen above.</Empty>}
        </div>
        {chosen && <BreachPanel key={keyOf(chosen)} breach={chosen} onClose={() => onChange({ breach: undefined })} />}
      </div>
    </>
  );
}

const LABELS = { owner: ["Owner", "Any owner"], source: ["Source", "Any source"], field: ["Field", "Any field"] } as const;

function Filters({ breaches, address, rows, onChange }: { breaches: Breach[]; address: Props["address"]; rows: number; onChange: (change: Address) => void }) {
  const formats = useFormats();
  const known = (name: (typeof NAMES)[number]) => [...new Set([...breaches.map((one) => one[name] ?? ""), address[name] ?? ""])].filter(Boolean).sort();
  return (
    <div className="ft-filters">
      {NAMES.map((name) => <Select key={name} className="ft-field" aria-label={LABELS[name][0]} placeholder={LABELS[name][1]} clearable w={170} data={known(name)} value={address[name] ?? null} onChange={(value) => onChange({ [name]: value ?? undefined })} />)}
      <span className="grow" />
      <span className="ft-muted" aria-live="polite">{formats.plural(rows, "rule is breached", "rules are breached")}</span>
    </div>
  );
}

function Rows({ rows, chosen, onChoose }: { rows: Breach[]; chosen?: Breach; onChoose: (row: Breach) => void }) {
  const formats = useFormats();
  const all: Column<Breach>[] = [
    { name: "what", title: "What", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(row)}>{ruleTitle(row.rule)}{row.field && <>: <span className="ft-fieldname">{row.field}</span></>}</button><span className="two">{row.event} · {sourceTitle(row.source)}</span></> },
    { name: "owner", title: "Owner", cell: (row) => row.owner ?? <span className="ft-warn">nobody</span> },
    { name: "events", title: "Events", number: true, cell: (row) => formats.count(row.events) },
    { name: "share", title: "Of those that arrived", number: true, key: true, cell: (row) => formats.share(row.share) },
    { name: "trend", title: "Days", cell: (row) => <Spark points={row.trend.map((day) => ({ value: day.count, low: null, high: null }))} height={26} /> },
    { name: "last", title: "Last", cell: (row) => <span className="ft-muted">{formats.ago(row.last_at)}</span> },
  ];
  const columns = chosen ? all.filter((column) => ["what", "owner", "share"].includes(column.name)) : all;
  return <Table label="Violations" columns={columns} rows={rows} rowKey={keyOf} chosen={chosen && keyOf(chosen)} />;
}
