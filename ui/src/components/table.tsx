import { Button } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useFormats } from "@/formats/context";

export interface Column<Row> {
  name: string;
  title: string;
  cell: (row: Row) => ReactNode;
  number?: boolean;
  /** The number that stays beside the first column on a phone. */
  key?: boolean;
  sort?: string;
  width?: number | string;
}

export interface Sorting {
  by: string;
  order: "asc" | "desc";
  onSort: (by: string) => void;
}

interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  chosen?: string;
  sorting?: Sorting;
  /** All columns on a phone: for tables of two or three short columns. */
  all?: boolean;
}

/** Numbers right, text left; the first column is the link. On a phone it becomes rows with the key number at the right. */
export function Table<Row>({ label, columns, rows, rowKey, chosen, sorting, all }: TableProps<Row>) {
  return (
    <div className="ft-scroll" tabIndex={-1}>
      <table className="ft-table" aria-label={label} data-all={all}>
        <thead>
          <tr>{columns.map((column) => <Head key={column.name} column={column} sorting={sorting} />)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-chosen={chosen === rowKey(row)}>
              {columns.map((column) => (
                <td key={column.name} className={column.number ? "ft-num" : undefined} data-key={column.key}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Head<Row>({ column, sorting }: { column: Column<Row>; sorting?: Sorting }) {
  const className = column.number ? "ft-num" : undefined;
  const { sort } = column;
  if (!sort || !sorting) return <th scope="col" className={className} style={{ width: column.width }}>{column.title}</th>;
  const active = sorting.by === sort;
  const Arrow = sorting.order === "asc" ? IconArrowUp : IconArrowDown;
  return (
    <th scope="col" className={className} style={{ width: column.width }} aria-sort={active ? (sorting.order === "asc" ? "ascending" : "descending") : undefined}>
      <button type="button" onClick={() => sorting.onSort(sort)}>{column.title}{active && <Arrow size={13} stroke={1.7} aria-hidden />}</button>
    </th>
  );
}

const PAGE_ROWS = 50;

/** How many there are, and the way to the other pages. */
export function Pager({ page, total, what, onPage }: { page: number; total: number; what: string; onPage: (page: number) => void }) {
  const formats = useFormats();
  const pages = Math.max(1, Math.ceil(total / PAGE_ROWS));
  const first = total === 0 ? 0 : (page - 1) * PAGE_ROWS + 1;
  return (
    <div className="ft-foot">
      <span aria-live="polite">{formats.count(first)}–{formats.count(Math.min(total, page * PAGE_ROWS))} of {formats.count(total)} {what}</span>
      {pages > 1 && (
        <div className="ft-actions">
          <Button variant="default" size="xs" disabled={page <= 1} onClick={() => onPage(page - 1)}>Previous</Button>
          <span>Page {formats.count(page)} of {formats.count(pages)}</span>
          <Button variant="default" size="xs" disabled={page >= pages} onClick={() => onPage(page + 1)}>Next</Button>
        </div>
      )}
    </div>
  );
}
