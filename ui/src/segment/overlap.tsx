import { Button } from "@mantine/core";
import { IconChartDots } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card, Pairs } from "@/components/page";
import { Panel, Section } from "@/components/panel";
import { Empty, Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";

type Told = Schemas["OverlapTable"];
type Cell = Schemas["OverlapCell"];
const MOST = 14;

/** How many people each two segments share. */
export function OverlapMatrix() {
  const query = useQuery(queries.segmentOverlap());
  return (
    <Loaded query={query} rows={10} what="Counting who is in two of them">
      {(told) => (told.pairs.length === 0 ? <div className="ft-card"><Empty icon={IconChartDots} title="No two segments share anybody">Where people are in two segments, it shows here how many, so that the two can be told apart or made one.</Empty></div> : <Shown told={told} />)}
    </Loaded>
  );
}

function Shown({ told }: { told: Told }) {
  const [address, setAddress] = useAddress();
  const chosen = told.pairs.find((pair) => pair.one === address.one && pair.other === address.other);
  const choose = (pair: Cell | undefined) => setAddress({ one: pair?.one, other: pair?.other });
  return (
    <div className="ft-panelgrid" data-open={Boolean(chosen)}>
      <div className="ft-stack">
        <Matrix told={told} chosen={chosen} onChoose={choose} />
        <Alike told={told} onChoose={choose} />
      </div>
      {chosen && <PairPanel key={`${chosen.one} ${chosen.other}`} told={told} pair={chosen} onClose={() => choose(undefined)} />}
    </div>
  );
}

function Matrix({ told, chosen, onChoose }: { told: Told; chosen?: Cell; onChoose: (pair: Cell) => void }) {
  const formats = useFormats();
  const [all, setAll] = useState(false);
  const pairs = new Map(told.pairs.flatMap((pair) => [[`${pair.one} ${pair.other}`, { pair, share: pair.of_one }], [`${pair.other} ${pair.one}`, { pair, share: pair.of_other }]] as const));
  const largest = [...told.segments].sort((one, other) => other.people - one.people);
  const shown = all ? largest : largest.slice(0, MOST);
  return (
    <Card className="ft-desk" title="Who is in two of them?" side={`share of the row that is in the column too · ${formats.instant(told.as_of)}`} line>
      <div className="ft-scroll" tabIndex={0} role="region" aria-label="Overlap of segments">
        <table className="ft-matrix" aria-label="Overlap of segments">
          <thead><tr><td />{shown.map((column, index) => <th key={column.key} scope="col" title={column.title}><span aria-hidden>{index + 1}</span><span className="ft-sr">{column.title}</span></th>)}</tr></thead>
          <tbody>
            {shown.map((row, index) => (
              <tr key={row.key}>
                <th scope="row"><span className="ft-faint">{index + 1}</span> <Link to="/segments/$key" params={{ key: row.key }}>{row.title}</Link> <span className="ft-muted">{formats.count(row.people)}</span></th>
                {shown.map((column) => {
                  const found = pairs.get(`${row.key} ${column.key}`);
                  if (row.key === column.key) return <td key={column.key} className="self" />;
                  if (!found) return <td key={column.key}><span className="ft-faint">0</span></td>;
                  return (
                    <td key={column.key}>
                      <button type="button" aria-pressed={chosen === found.pair} aria-label={`${formats.share(found.share, 1)} of ${row.title} are in ${column.title}`} title={`${row.title} in ${column.title}: ${formats.share(found.share, 1)}`} style={{ "--ft-heat": `${Math.round(found.share * 45)}%` } as React.CSSProperties} onClick={() => onChoose(found.pair)}>
                        {Math.round(found.share * 100)}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="ft-foot"><span>Numbers are percent. Columns are numbered as the rows.</span>{largest.length > MOST && <button type="button" className="ft-link" aria-expanded={all} onClick={() => setAll(!all)}>{all ? `Show the ${MOST} largest alone` : `Show all ${largest.length}`}</button>}</div>
    </Card>
  );
}

const titleIn = (told: Told, key: string) => told.segments.find((one) => one.key === key)?.title ?? key;

function Alike({ told, onChoose }: { told: Told; onChoose: (pair: Cell) => void }) {
  const formats = useFormats();
  return (
    <Card title="Which two are most alike?" side="people in both, of those in either" line>
      <Table
        label="The most alike" rows={told.pairs.slice(0, 10)} rowKey={(pair) => `${pair.one} ${pair.other}`}
        columns={[
          { name: "pair", title: "Two segments", cell: (pair) => <button type="button" className="ft-link" style={{ textAlign: "left" }} onClick={() => onChoose(pair)}>{titleIn(told, pair.one)} · {titleIn(told, pair.other)}</button> },
          { name: "both", title: "In both", number: true, cell: (pair) => formats.people(pair.both) },
          { name: "jaccard", title: "Of those in either", number: true, key: true, cell: (pair) => <b>{formats.share(pair.jaccard)}</b> },
        ]}
      />
    </Card>
  );
}

function PairPanel({ told, pair, onClose }: { told: Told; pair: Cell; onClose: () => void }) {
  const formats = useFormats();
  const link = (key: string) => <Link to="/segments/$key" params={{ key }}>{titleIn(told, key)}</Link>;
  return (
    <Panel title="In both" onClose={onClose}>
      <Section>
        <p className="ft-verdict" style={{ marginBottom: 10 }}>{formats.people(pair.both)} are in both.</p>
        <Pairs rows={[
          [`Of ${titleIn(told, pair.one)}`, formats.share(pair.of_one)], [`Of ${titleIn(told, pair.other)}`, formats.share(pair.of_other)], ["Of those in either", formats.share(pair.jaccard)],
        ]} />
      </Section>
      <Section title="Open"><p>{link(pair.one)}</p><p>{link(pair.other)}</p></Section>
      <Section title="What next">
        <p className="ft-muted" style={{ marginBottom: 10 }}>Where both get messages, one person may get two. Keep those in both as a segment of their own, or except them from one.</p>
        <Button component={Link} to="/segments/new" search={{ both: `${pair.one},${pair.other}` } as never} variant="default">Build a segment of both</Button>
      </Section>
    </Panel>
  );
}
