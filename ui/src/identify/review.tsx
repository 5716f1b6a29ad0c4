import { Button } from "@mantine/core";
import { IconArrowsSplit, IconGitMerge, IconUserQuestion } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { pageOf, type Address } from "@/components/address";
import { PushRow } from "@/components/bars";
import { Badge, Card } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Empty, Failed, Loaded } from "@/components/states";
import { Pager, Table } from "@/components/table";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import "./identify.css";
import { Matching } from "./matching";
import { identifierOf, ruleOf } from "./why";

type Row = Schemas["ReviewRow"];
interface Props { address: Record<string, string | undefined>; onChange: (change: Address) => void }

/** Pairs of records that may be one person's: people decide, and the answer is remembered. */
export function Review({ address, onChange }: Props) {
  const query = useQuery(queries.review({ page: pageOf(address) }));
  return (
    <>
      <Loaded query={query} rows={10}>
        {(body) => {
          const chosen = body.rows.find((one) => one.pair === address.pair) ?? body.rows[0];
          if (!chosen) return <div className="ft-card"><Empty icon={IconUserQuestion} title="No pair waits">Records that are alike, but not surely one person’s, come here with what speaks for and against it.</Empty></div>;
          return (
            <>
              <Pair key={chosen.pair} row={chosen} left={body.total} onDone={() => onChange({ pair: undefined })} />
              <Queue body={body} chosen={chosen.pair} page={pageOf(address)} onChange={onChange} />
            </>
          );
        }}
      </Loaded>
      <Matching />
    </>
  );
}

function Pair({ row, left, onDone }: { row: Row; left: number; onDone: () => void }) {
  const formats = useFormats();
  const most = Math.max(...row.fields.map((one) => Math.abs(one.weight)), 1e-9);
  return (
    <Card title="Are these one person?" side={`${formats.plural(left, "pair waits", "pairs wait")}; the likeliest first`} line>
      <div className="ft-body ft-pairhead">
        <Side id={row.one} named={row.one_identifiers} />
        <div className="ft-verdict"><b>{formats.probability(row.probability)}</b><span className="ft-muted ft-small">probability that both are one</span>{row.held_back && <Badge tone="warn">{row.held_back === "chain" ? "Would chain several people" : ruleOf(row.held_back)}</Badge>}</div>
        <Side id={row.other} named={row.other_identifiers} />
      </div>
      <div className="ft-body ft-evidence" role="list" aria-label="Evidence">
        {row.fields.map((one) => (
          <div role="listitem" key={one.field}>
            <PushRow
              share={one.weight / most} tone={Math.abs(one.weight) < 0.05 ? "rest" : one.weight > 0 ? "good" : "bad"}
              label={<><b className="ft-strong">{words(one.field)}</b> <span className="ft-muted ft-small">{one.level}</span><span className="ft-values"><bdi>{one.one ?? "–"}</bdi><bdi>{one.other ?? "–"}</bdi></span></>}
              value={<span title="bits; each doubles the odds that both are one">{one.weight > 0 ? "for" : one.weight < 0 ? "against" : "neither"} {formats.number(Math.abs(one.weight), 1)}</span>}
            />
          </div>
        ))}
        <p className="ft-faint ft-small" style={{ marginTop: 4 }}>Weights in bits: each one more doubles the odds that both are one person, each one less halves them.</p>
      </div>
      <Decide row={row} onDone={onDone} />
    </Card>
  );
}

function Side({ id, named }: { id: string; named: string[] }) {
  const formats = useFormats();
  return (
    <div style={{ minWidth: 0 }}>
      <div style={{ fontWeight: 600 }}><PersonLink id={id} /></div>
      <ul className="ft-small ft-muted" style={{ overflowWrap: "anywhere" }}>{named.slice(0, 6).map((one) => <li key={one}>{identifierOf(one)}</li>)}{named.length > 6 && <li>and {formats.count(named.length - 6)} more</li>}</ul>
    </div>
  );
}

function Decide({ row, onDone }: { row: Row; onDone: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const deciding = useMutation({
    mutationFn: ({ verdict, force }: { verdict: "accept" | "reject"; force: boolean }) => post(`identity/review/${encodeURIComponent(row.pair)}/${verdict}`, verdict === "accept" && force ? { force } : {}),
    onSuccess: (_, { verdict }) => {
      void client.invalidateQueries();
      say(verdict === "accept" ? "They are one person now; Merges has the way back." : "They stay two people.");
      onDone();
    },
  });
  const limited = row.held_back?.startsWith("limit:") ?? false;
  return (
    <div className="ft-body" style={{ borderTop: "1px solid var(--ft-border)" }}>
      {deciding.isError && <Failed error={deciding.error} />}
      <div className="ft-actions">
        <Button leftSection={<IconGitMerge size={15} stroke={1.7} aria-hidden />} loading={deciding.isPending} onClick={() => deciding.mutate({ verdict: "accept", force: limited })}>{limited ? "Same person, in spite of the limit" : "Same person"}</Button>
        <Button variant="default" leftSection={<IconArrowsSplit size={15} stroke={1.7} aria-hidden />} disabled={deciding.isPending} onClick={() => deciding.mutate({ verdict: "reject", force: false })}>Two people</Button>
        <span className="ft-muted ft-small">Both answers are remembered.</span>
      </div>
    </div>
  );
}

function Queue({ body, chosen, page, onChange }: { body: Schemas["Review"]; chosen: string; page: number; onChange: (change: Address) => void }) {
  const formats = useFormats();
  return (
    <Card title="Waiting">
      <Table
        label="Waiting pairs" rows={body.rows} rowKey={(row) => row.pair} chosen={chosen}
        columns={[
          { name: "pair", title: "Pair", cell: (row) => <><button type="button" className="ft-link" style={{ textAlign: "left", overflowWrap: "anywhere" }} onClick={() => onChange({ pair: row.pair })}>{identifierOf(row.one_identifiers[0] ?? row.one)} and {identifierOf(row.other_identifiers[0] ?? row.other)}</button><span className="two">{row.fields.slice(0, 3).map((one) => `${words(one.field)}: ${one.level}`).join(" · ")}</span></> },
          { name: "found", title: "Found", cell: (row) => <span className="ft-muted">{formats.instant(row.found_at)}</span> },
          { name: "probability", title: "Probability", number: true, key: true, cell: (row) => formats.probability(row.probability) },
        ]}
      />
      <Pager page={page} total={body.total} what="pairs" onPage={(next) => onChange({ page: next === 1 ? undefined : next, pair: undefined })} />
    </Card>
  );
}
