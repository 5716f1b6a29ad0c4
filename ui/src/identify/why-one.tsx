import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { Loaded } from "@/components/states";
import { useFormats } from "@/formats/context";
import { Evidence, Named } from "./evidence";
import { SplitButton } from "./split";
import { identifierOf, reasonOf, ruleOf } from "./why";

const SHOWN = 3;

/** Why these identifiers are one person: merges with their evidence, and who is kept apart. */
export function WhyOne({ id }: { id: string }) {
  const query = useQuery(queries.whyOne(id));
  return <Loaded query={query} rows={2}>{(why) => <Told why={why} />}</Loaded>;
}

function Told({ why }: { why: Schemas["WhyOne"] }) {
  const formats = useFormats();
  const [all, setAll] = useState(false);
  const shown = all ? why.merges : why.merges.slice(0, SHOWN);
  const nothing = why.merges.length + why.kept_apart.length + why.denied.length === 0;
  return (
    <Card title="Why one person?" side={<Link to="/identity" className="ft-small">All merges</Link>}>
      {nothing && <p className="ft-body ft-muted">{why.links.length ? "All identifiers came together from the first event on; nothing was merged." : "One identifier alone; nothing was merged."}</p>}
      {shown.length > 0 && (
        <div className="ft-rows">
          {shown.map((merge) => (
            <div key={merge.merge_id}>
              <b className="ft-strong">{reasonOf(merge.reason)}</b>
              <div className="ft-small"><Evidence merge={merge} /></div>
              <div className="ft-muted ft-small" style={{ marginBottom: 6 }}>{formats.instant(merge.at)}</div>
              <SplitButton quiet id={merge.loser} mergeId={merge.merge_id} />
            </div>
          ))}
        </div>
      )}
      {why.merges.length > SHOWN && <div className="ft-body"><button type="button" className="ft-link" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Show fewer merges" : `Show all ${formats.count(why.merges.length)} merges`}</button></div>}
      {why.kept_apart.length > 0 && (
        <ul className="ft-body ft-small">
          {why.kept_apart.map((one) => <li key={one.profile_id}><span className="ft-muted">Kept apart from</span> <Link to="/people/$id" params={{ id: one.profile_id }}><bdi>{identifierOf(one.known_by)}</bdi></Link> <span className="ft-muted">since {formats.day(one.since)}</span></li>)}
        </ul>
      )}
      {why.denied.length > 0 && (
        <ul className="ft-body ft-small">
          {why.denied.slice(0, SHOWN).map((one) => <li key={`${one.rule} ${one.value_a} ${one.value_b}`} style={{ overflowWrap: "anywhere" }}><span className="ft-muted">Not joined:</span> <Named kind={one.kind_a} value={one.value_a} /> <span className="ft-muted">with</span> <Named kind={one.kind_b} value={one.value_b} /><span className="ft-muted">. {ruleOf(one.rule)}.</span></li>)}
        </ul>
      )}
    </Card>
  );
}
