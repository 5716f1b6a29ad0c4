import { IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Copy } from "@/components/copy";
import { Badge, Card, Page, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { PersonLink } from "@/components/person-link";
import { Empty, Failed, Loaded } from "@/components/states";
import { Table, type Column } from "@/components/table";
import { useFormats } from "@/formats/context";
import { spanOf } from "@/formats/span";
import { words } from "@/formats/words";

type Row = Schemas["OwnTable"];
type Told = Schemas["TableRow"];
const SHOWN = 50;

/** Rows of the workspace's own that belong to people or accounts. */
export function OwnTablesPage() {
  const [address, setAddress] = useAddress();
  const query = useQuery(queries.ownTables());
  return (
    <Page title="Own tables" purpose="Pets, contracts, cards: rows that belong to people or accounts, usable in segments and messages.">
      <Loaded query={query} rows={8}>
        {(body) => {
          const chosen = body.tables.find((one) => one.key === address.table);
          return (
            <div className="ft-panelgrid" data-open={Boolean(chosen)}>
              <div className="ft-card">
                {body.tables.length === 0
                  ? <Empty icon={IconTable} title="No own tables yet" action={<Copy quiet text="foretell schema table" label="Copy the command for its schema" said="The command is copied." />}>Write tables/KEY.yaml with the columns and whose the rows are, then load a file with foretell table load.</Empty>
                  : <Tables rows={body.tables} chosen={chosen?.key} onChoose={(key) => setAddress({ table: key })} />}
              </div>
              {chosen && <TablePanel key={chosen.key} table={chosen} onClose={() => setAddress({ table: undefined })} />}
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Tables({ rows, chosen, onChoose }: { rows: Row[]; chosen?: string; onChoose: (key: string) => void }) {
  const formats = useFormats();
  const all: Column<Row>[] = [
    { name: "table", title: "Table", cell: (row) => <><button type="button" className="ft-link" onClick={() => onChoose(row.key)}>{row.key}</button><span className="two">{row.description ?? row.columns.join(", ")}</span></> },
    { name: "link", title: "Rows belong to", cell: (row) => (row.link === "account" ? "accounts" : `people, by ${words(row.link).toLowerCase()}`) },
    { name: "owners", title: "Owners", number: true, cell: (row) => formats.count(row.link === "account" ? row.accounts : row.people) },
    { name: "changed", title: "Last change", cell: (row) => <span className="ft-muted">{row.changed_at ? formats.instant(row.changed_at) : "never loaded"}</span> },
    { name: "state", title: "State", cell: (row) => <Freshness row={row} /> },
    { name: "rows", title: "Rows", number: true, key: true, cell: (row) => formats.count(row.rows) },
  ];
  const columns = chosen ? all.filter((column) => ["table", "rows"].includes(column.name)) : all;
  return <Table label="Own tables" columns={columns} rows={rows} rowKey={(row) => row.key} chosen={chosen} />;
}

function Freshness({ row }: { row: Row }) {
  if (row.overdue) return <Badge tone="warn">Overdue</Badge>;
  return row.changed_at ? <Badge tone="good">Fresh</Badge> : <Badge>Empty</Badge>;
}

function TablePanel({ table, onClose }: { table: Row; onClose: () => void }) {
  const formats = useFormats();
  const query = useQuery(queries.ownTableRows(table.key, { limit: SHOWN }));
  return (
    <Panel title={table.key} badge={<Freshness row={table} />} onClose={onClose}>
      <Section>
        <Pairs left rows={[
          ["Columns", table.columns.join(", ")], ["A load", table.mode === "replace" ? "replaces the table" : "adds and changes rows"],
          ["Expected", table.every ? `every ${spanOf(table.every)}` : "at no fixed time"], ["Owner", table.owner ?? "nobody is named"], ["Kept in", <span key="f" className="ft-mono">{table.file}</span>],
        ]} />
        <Copy quiet text={`foretell table load ${table.key} FILE.csv`} label="Copy the command that loads a file" said="The command is copied." />
      </Section>
      <Loaded query={query} rows={4}>
        {(body) => (
          <Section title={body.rows.length < table.rows ? `The first ${formats.count(body.rows.length)} rows` : "Rows"}>
            {body.rows.length === 0 ? <p className="ft-muted">No row yet.</p> : body.rows.map((row) => <OneRow key={row.key} row={row} />)}
          </Section>
        )}
      </Loaded>
    </Panel>
  );
}

function OneRow({ row }: { row: Told }) {
  return (
    <div style={{ marginBottom: 8, overflowWrap: "anywhere" }}>
      <b className="ft-strong">{row.key}</b> <span className="ft-small">{row.profile_id ? <PersonLink id={row.profile_id} /> : <bdi>{row.account_id}</bdi>}</span>
      <div className="ft-muted ft-small">{valuesOf(row)}</div>
    </div>
  );
}

const valuesOf = (row: Told): string => Object.entries(row.row).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value === true ? "yes" : value === false ? "no" : String(value)}`).join(" · ");

/** To which accounts somebody belongs, and what they have in own tables; nothing where there is neither. */
export function BelongingsCards({ id }: { id: string }) {
  const query = useQuery(queries.belongings(id));
  return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <>{query.data && <><Accounts rows={query.data.accounts} /><RowsCard rows={query.data.rows} /></>}</>;
}

function Accounts({ rows }: { rows: Schemas["AccountRow"][] }) {
  const formats = useFormats();
  if (rows.length === 0) return null;
  return (
    <Card title="Accounts" side={rows.length}>
      <ul className="ft-body">{rows.map((row) => <li className="ft-line" key={row.account_id}><bdi style={{ fontWeight: 500 }}>{row.account_id}</bdi><span className="ft-muted ft-small">{[row.kind, row.role, `since ${formats.day(row.since)}`].filter(Boolean).join(" · ")}</span></li>)}</ul>
    </Card>
  );
}

function RowsCard({ rows }: { rows: Told[] }) {
  if (rows.length === 0) return null;
  return (
    <Card title="Own tables" side={rows.length}>
      <div className="ft-rows">
        {rows.map((row) => <div key={`${row.table} ${row.key}`}><b className="ft-strong">{row.table}</b> <span className="ft-muted ft-small">{row.key}</span><div className="ft-small" style={{ overflowWrap: "anywhere" }}>{valuesOf(row)}</div></div>)}
      </div>
    </Card>
  );
}
