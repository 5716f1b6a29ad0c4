import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card, Pairs, Strip } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Loaded } from "@/components/states";
import { Table } from "@/components/table";
import { useFormats } from "@/formats/context";
import { Evidence } from "./evidence";
import { identifierOf, kindOf, ruleOf } from "./why";

/** Which identifiers make a person, what identifies nobody, and what a changed document would do. */
export function Rules() {
  const rules = useQuery(queries.identityRules());
  const blocked = useQuery(queries.blockedValues());
  const preview = useQuery(queries.rulesPreview());
  return (
    <>
      <Loaded query={preview} rows={2} what="Holding the people against the rules in the file">{(told) => <Preview told={told} />}</Loaded>
      <Loaded query={rules} rows={5}>{(body) => <Types body={body} />}</Loaded>
      <Loaded query={blocked} rows={3}>{(body) => <Blocked body={body} />}</Loaded>
    </>
  );
}

function Types({ body }: { body: Schemas["IdentityRulesBody"] }) {
  const formats = useFormats();
  return (
    <Card title="What makes a person?" side={body.file ?? "the usual rules; write identity/people.yaml to change them"} line>
      <Table
        label="Types of identifiers" rows={body.types} rowKey={(row) => row.name}
        columns={[
          { name: "type", title: "Type, the strongest first", cell: (row) => <>{row.name === "other" ? "all others" : kindOf(row.name)}<span className="two">{row.merges ? "joins profiles" : "names a person, joins nobody by itself"}</span></> },
          { name: "shared", title: "Shared after", number: true, cell: (row) => (row.shared_after === null ? "–" : formats.plural(row.shared_after, "person", "people")) },
          { name: "limit", title: "Most of one person", number: true, key: true, cell: (row) => formats.count(row.limit) },
        ]}
      />
    </Card>
  );
}

function Blocked({ body }: { body: Schemas["BlockedValues"] }) {
  const formats = useFormats();
  return (
    <Card title="What identifies nobody?" side={formats.plural(body.values.length + body.patterns.length, "entry", "entries")}>
      <div className="ft-body ft-chips">
        {body.patterns.map((one) => <span key={`/${one}`} className="ft-badge ft-mono" data-tone="accent">/{one}/</span>)}
        {body.values.map((one) => <span key={one} className="ft-badge ft-mono">{one}</span>)}
      </div>
    </Card>
  );
}

function Preview({ told }: { told: Schemas["RulesPreview"] }) {
  const formats = useFormats();
  if (told.followed) return <p className="ft-note" data-tone="good">The people follow the rules below.</p>;
  const moves: [string, ReactNode][] = Object.entries(told.moves).map(([what, count]) => [what, formats.count(count)]);
  return (
    <Card title="What would the changed document do?" side="nothing changes before foretell apply" line>
      <Strip facts={[
        { label: "People", value: formats.count(told.people), note: `${formats.count(told.people_now)} now` },
        { label: "Would become one", value: formats.count(told.merges), tone: told.merges ? "warn" : undefined },
        { label: "Would be parted", value: formats.count(told.splits), tone: told.splits ? "warn" : undefined },
      ]} />
      {moves.length > 0 && <div className="ft-body"><Pairs left rows={moves} /></div>}
      <ul className="ft-body ft-small" style={{ display: "grid", gap: 6, overflowWrap: "anywhere" }}>
        {told.joins.slice(0, 5).map((one) => <li key={`${one.winner} ${one.loser}`}><span className="ft-muted">One person:</span> {identifierOf(one.one)} <span className="ft-muted">and</span> {identifierOf(one.other)} <span className="ft-muted">({one.event}, {formats.day(one.at)})</span></li>)}
        {told.parts.slice(0, 5).map((one) => <li key={one.merge.merge_id}><span className="ft-muted">Two people:</span> <Evidence merge={one.merge} /> <span className="ft-muted">({ruleOf(one.because)})</span></li>)}
        {told.largest.slice(0, 5).map((one) => <li key={one.profile_id}><span className="ft-muted">Largest:</span> <PersonLink id={one.profile_id} /> <span className="ft-muted">{formats.plural(one.identifiers, "identifier", "identifiers")}, {formats.count(one.identifiers_now)} now</span></li>)}
      </ul>
    </Card>
  );
}
