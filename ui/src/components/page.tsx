import { useEffect, type ReactNode } from "react";

interface PageProps {
  title: string;
  crumb?: ReactNode;
  badges?: ReactNode;
  purpose?: ReactNode;
  actions?: ReactNode;
  avatar?: ReactNode;
  children: ReactNode;
}

/** Crumb, title with badges, one line of purpose, actions at the right, content. */
export function Page({ title, crumb, badges, purpose, actions, avatar, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Foretell`;
  }, [title]);
  return (
    <div className="ft-page">
      <header className="ft-head">
        <div className={avatar ? "ft-withavatar" : undefined}>
          {avatar && <span className="ft-avatar" aria-hidden>{avatar}</span>}
          <div>
            {crumb && <div className="ft-crumb">{crumb}</div>}
            <div className="ft-titleline"><h1>{title}</h1>{badges}</div>
            {purpose && <p className="ft-purpose">{purpose}</p>}
          </div>
        </div>
        {actions && <div className="ft-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({ title, side, line, className = "", children }: { title?: ReactNode; side?: ReactNode; line?: boolean; className?: string; children: ReactNode }) {
  return (
    <section className={`ft-card ${className}`}>
      {title && <div className="ft-cardhead" data-line={line}><h2>{title}</h2>{side && <div>{side}</div>}</div>}
      {children}
    </section>
  );
}

export type Tone = "good" | "bad" | "warn" | "accent" | "rest";

export function Badge({ tone, children }: { tone?: Tone; children: ReactNode }) {
  return <span className="ft-badge" data-tone={tone}>{children}</span>;
}

export interface Fact {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: Tone;
}

/** 3 to 6 facts about one thing. */
export function Strip({ facts }: { facts: Fact[] }) {
  return (
    <dl className="ft-strip">
      {facts.map((fact) => (
        <div key={fact.label}>
          <dt>{fact.label}</dt>
          <dd className={`v ${fact.tone ? `ft-${fact.tone}` : ""}`}>{fact.value}</dd>
          {fact.note && <dd className="n">{fact.note}</dd>}
        </div>
      ))}
    </dl>
  );
}

export function Pairs({ rows, left }: { rows: [string, ReactNode][]; left?: boolean }) {
  return (
    <dl className="ft-pairs" data-left={left}>
      {rows.map(([label, value]) => [<dt key={label}>{label}</dt>, <dd key={`${label}=`}>{value}</dd>])}
    </dl>
  );
}
