import { IconAt, IconBrowser, IconDeviceMobile, IconId, type Icon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Person } from "@/api/types";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

const SIGNS: Record<string, Icon> = { email: IconAt, phone: IconDeviceMobile, anonymous_id: IconBrowser };
const MOST = 8;

export function Identities({ person }: { person: Person }) {
  const formats = useFormats();
  const shown = person.identifiers.slice(0, MOST);
  return (
    <Card title="Identities" side={person.identifiers.length}>
      <ul className="ft-body">
        {shown.map((one) => {
          const Sign = SIGNS[one.kind] ?? IconId;
          return (
            <li className="ft-line" key={`${one.kind} ${one.value}`}>
              <Sign size={16} stroke={1.7} className="ft-icon" aria-hidden /><bdi style={{ fontWeight: 500 }}>{one.value}</bdi><span className="ft-muted ft-small">{words(one.kind)}</span>
            </li>
          );
        })}
        {person.identifiers.length > MOST && <li className="ft-muted ft-small">and {formats.count(person.identifiers.length - MOST)} more</li>}
        {person.identifiers.length === 0 && <li className="ft-muted">No identifier yet.</li>}
      </ul>
    </Card>
  );
}

export function Segments({ person }: { person: Person }) {
  return (
    <Card title="Segments" side={person.segments.length}>
      <div className="ft-body ft-chips">
        {person.segments.map((one) => <Link key={one.key} to="/segments/$key" params={{ key: one.key }} className="ft-badge">{one.title}</Link>)}
        {person.segments.length === 0 && <span className="ft-muted">In no segment now.</span>}
      </div>
    </Card>
  );
}

const RULES: Record<string, string> = { latest: "the latest", most_frequent: "told most often", longest: "the longest", verified_first: "verified first", by_source: "by source" };

/** What is known, who told it, and what others say instead. */
export function Traits({ person }: { person: Person }) {
  const formats = useFormats();
  const [open, setOpen] = useState<string | null>(null);
  const show = (value: string | number) => (typeof value === "number" ? formats.number(value) : value);
  return (
    <Card title="Traits" side={person.traits.length}>
      <dl className="ft-body ft-pairs">
        {person.traits.map((trait) => [
          <dt key={trait.name}>{trait.name}</dt>,
          <dd key={`${trait.name}=`}>
            <bdi>{show(trait.value)}</bdi>
            <div className="ft-muted ft-small">{[trait.source || "source not kept", trait.at && formats.day(trait.at), trait.verified && "verified"].filter(Boolean).join(" · ")}</div>
            {trait.others.length > 0 && <button type="button" className="ft-link ft-small" aria-expanded={open === trait.name} onClick={() => setOpen(open === trait.name ? null : trait.name)}>{open === trait.name ? "Hide the others" : formats.plural(trait.others.length, "other value", "other values")}</button>}
            {open === trait.name && <ul className="ft-small">{trait.others.map((one) => <li key={`${one.source} ${one.at}`}><bdi>{show(one.value)}</bdi> <span className="ft-muted">{one.source || "source not kept"}, {formats.day(one.at)}{one.verified && ", verified"}</span></li>)}<li className="ft-faint">Shown: {RULES[trait.rule] ?? trait.rule}.</li></ul>}
          </dd>,
        ])}
        {person.traits.length === 0 && <dt>Nothing told yet.</dt>}
      </dl>
    </Card>
  );
}
