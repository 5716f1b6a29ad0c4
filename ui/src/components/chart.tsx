import { useComputedColorScheme } from "@mantine/core";
import { lazy, Suspense, useState, type ReactNode } from "react";
import type { ChartOption } from "./echart";
import { DARK_TOKENS, LIGHT_TOKENS, type Token } from "@/theme/palette";
import { Card } from "./page";
import { Table, type Column } from "./table";

const EChart = lazy(() => import("./echart"));

export type Colours = Record<Token, string>;

/** The tokens as plain colours: SVG attributes of charts take no variables everywhere. */
export function useColours(): Colours {
  return useComputedColorScheme("light") === "dark" ? DARK_TOKENS : LIGHT_TOKENS;
}

interface ChartCardProps<Row> {
  /** A question. */
  title: string;
  side?: ReactNode;
  className?: string;
  height?: number;
  option: ChartOption;
  /** What the picture says, in one sentence. */
  summary: string;
  rows: readonly Row[];
  columns: Column<Row>[];
  children?: ReactNode;
}

interface ChartPlainProps<Row> extends Pick<ChartCardProps<Row>, "option" | "summary" | "rows" | "columns" | "height"> {
  /** What the table is called. */
  label: string;
}

/** The same within another card: the picture with its summary, and the way to the table below it. */
export function ChartPlain<Row>({ label, option, summary, rows, columns, height = 260 }: ChartPlainProps<Row>) {
  const [asTable, setAsTable] = useState(false);
  return (
    <div>
      {asTable ? (
        <Table all label={label} columns={columns} rows={rows} rowKey={(row) => String(rows.indexOf(row))} />
      ) : (
        <div role="img" aria-label={summary}>
          <Suspense fallback={<div className="ft-shape" style={{ height }} />}>
            <EChart option={option} height={height} />
          </Suspense>
        </div>
      )}
      <button type="button" className="ft-link ft-small" onClick={() => setAsTable(!asTable)}>{asTable ? "as picture" : "as table"}</button>
    </div>
  );
}

/** A chart with its summary in words and the same numbers as a table. */
export function ChartCard<Row>({ title, side, className, height = 260, option, summary, rows, columns, children }: ChartCardProps<Row>) {
  const [asTable, setAsTable] = useState(false);
  return (
    <Card
      title={title}
      className={className}
      side={<>{side}{side ? " · " : ""}<button type="button" className="ft-link ft-small" onClick={() => setAsTable(!asTable)}>{asTable ? "as picture" : "as table"}</button></>}
    >
      {asTable ? (
        <Table all label={title} columns={columns} rows={rows} rowKey={(row) => String(rows.indexOf(row))} />
      ) : (
        <div className="ft-body" style={{ padding: "0 10px 8px" }} role="img" aria-label={`${title} ${summary}`}>
          <Suspense fallback={<div className="ft-shape" style={{ height }} />}>
            <EChart option={option} height={height} />
          </Suspense>
        </div>
      )}
      {children}
    </Card>
  );
}
