import { IconAt, IconBrowser, IconCheck, IconDeviceMobile, IconId, IconX, type Icon } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Person } from "@/api/types";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";

const SIGNS: Record<string, Icon> = { email: IconAt, phone: IconDeviceMobile, anonymous_id: IconBrowser };
const MOST = 8;

export function Identities({ person }: { person: Person }) {
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
        {person.identifiers.length > MOST && <li className="ft-muted ft-small">and {person.identifiers.length - MOST} more</li>}
        {person.identifiers.length === 0 && <li className="ft-muted">No identifier yet.</li>}
      </ul>
    </Card>
  );
}

export function Consents({ person }: { person: Person }) {
  const formats = useFormats();
  return (
    <Card title="May we write?" side="without a record: no">
      <ul className="ft-body">
        {person.consents.map((one) => {
          const granted = one.state === "granted";
          const Sign = granted ? IconCheck : IconX;
          return (
            <li className="ft-line" key={`${one.channel} ${one.purpose}`}>
              <Sign size={16} stroke={2} className={`ft-icon ft-${granted ? "good" : "bad"}`} style={{ color: `var(--ft-${granted ? "good" : "bad"})` }} aria-hidden />
              <span>{words(one.channel)} <span className="ft-muted">{words(one.purpose)}</span></span>
              <span className="ft-small"><span className={granted ? "ft-good" : "ft-bad"}>{granted ? "yes" : "no"}</span><span className="ft-muted">, {formats.day(one.at)}</span></span>
            </li>
          );
        })}
        {person.consents.length === 0 && <li className="ft-muted">No consent recorded, so nothing of marketing is sent.</li>}
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

export function Traits({ person }: { person: Person }) {
  const formats = useFormats();
  return (
    <Card title="Traits" side={person.traits.length}>
      <dl className="ft-body ft-pairs">
        {person.traits.map((trait) => [
          <dt key={trait.name}>{trait.name}</dt>,
          <dd key={`${trait.name}=`} title={trait.at ? `told ${formats.instant(trait.at)}` : undefined}><bdi>{typeof trait.value === "number" ? formats.number(trait.value) : trait.value}</bdi></dd>,
        ])}
        {person.traits.length === 0 && <dt>Nothing told yet.</dt>}
      </dl>
    </Card>
  );
}
