import { Pairs } from "@/components/page";
import { words } from "@/formats/words";

const NAMES: Record<string, string> = { hashed_email: "E-mail, as SHA-256", action: "Action", audience: "Audience", platform: "Platform", code: "Code" };

/** What an advertising platform gets about one person: never the address itself. */
export function AdsRow({ text }: { text: string }) {
  const told = fieldsOf(text);
  if (!told) return <pre className="ft-raw" tabIndex={0}>{text}</pre>;
  return (
    <Pairs
      left
      rows={told.map(([name, value]) => [
        NAMES[name] ?? words(name),
        <span key={name} className={name === "hashed_email" || name === "code" ? "ft-mono" : undefined}>{name === "audience" || name === "action" ? words(value) : value}</span>,
      ])}
    />
  );
}

function fieldsOf(text: string): [string, string][] | null {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told !== "object" || told === null || Array.isArray(told)) return null;
    return Object.entries(told).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
  } catch {
    return null;
  }
}
