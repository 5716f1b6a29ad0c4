import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { PersonPrediction } from "@/api/types";
import type { Schemas } from "@/api/types";
import { useFormats } from "@/formats/context";
import "./person-exact.css";

type Exact = Schemas["ExactScore"];
const MOST = 6;

/** Every feature's exact part in a person's probability, asked for when they are looked at; undefined until it is there. */
export function useExact(id: string, prediction: PersonPrediction | undefined): Exact | undefined {
  const query = useQuery({ ...queries.personReasons(id, prediction?.key ?? ""), enabled: prediction?.unit === "probability", retry: false, staleTime: 300_000 });
  const found = query.data?.rows.find((row) => row.horizon === prediction?.horizon);
  return found && found.reasons.length > 0 && found.reasons.every((one) => one.points !== null) ? found : undefined;
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** From what is usual, reason by reason, to this person: it adds up. */
export function Waterfall({ exact, name }: { exact: Exact; name: string }) {
  const formats = useFormats();
  const parts = exact.reasons.map((one) => ({ words: one.words, points: one.points ?? 0 }));
  const usual = exact.said - parts.reduce((sum, one) => sum + one.points, 0);
  const shown = parts.slice(0, MOST);
  const rest = parts.slice(MOST).reduce((sum, one) => sum + one.points, 0);
  const steps = [...shown, ...(parts.length > MOST ? [{ words: `${formats.count(parts.length - MOST)} more`, points: rest }] : [])];
  const rows = steps.map((one, index) => ({ ...one, from: usual + steps.slice(0, index).reduce((sum, before) => sum + before.points, 0) }));
  return (
    <div className="ft-waterfall">
      <Line label="Usual" from={0} to={usual} tone="rest" value={formats.probability(usual)} />
      {rows.map((one) => <Line key={one.words} label={upper(one.words)} from={one.from} to={one.from + one.points} tone={one.points > 0 ? "bad" : "good"} value={formats.change(one.points, "rate", true)} />)}
      <Line label={<b>{name}</b>} from={0} to={exact.said} tone="accent" value={<b>{formats.probability(exact.said)}</b>} last />
    </div>
  );
}

function Line({ label, from, to, tone, value, last }: { label: React.ReactNode; from: number; to: number; tone: string; value: React.ReactNode; last?: boolean }) {
  const [low, high] = [Math.max(0, Math.min(from, to)), Math.min(1, Math.max(from, to))];
  return (
    <div className="ft-fall" data-last={last}>
      <span>{label}</span>
      <span className="ft-fallbar" aria-hidden><i data-tone={tone} style={{ left: `${low * 100}%`, width: `max(2px, ${(high - low) * 100}%)` }} /></span>
      <span>{value}</span>
    </div>
  );
}
