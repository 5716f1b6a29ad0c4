import { words } from "@/formats/words";

const BASES: Record<string, string> = {
  consent: "Consent", contract: "Contract", legitimate_interest: "Legitimate interest", legal_obligation: "Legal duty",
};
export const basisOf = (basis: string): string => BASES[basis] ?? words(basis);

const REASONS: Record<string, string> = {
  granted: "agreed", not_needed: "needs no word", no_consent: "never agreed", withdrawn: "withdrawn", expired: "lapsed", objected: "objected", restricted: "processing is restricted", suppressed: "suppressed", minor: "a minor",
  pending: "waits for the confirmation",
};
export const whyOf = (reason: string): string => REASONS[reason] ?? words(reason).toLowerCase();

const STATES: Record<string, string> = { granted: "Agreed", denied: "Refused", requested: "Asked to confirm", expired: "Lapsed", unknown: "Not clear", none: "No word" };
export const stateOf = (state: string): string => STATES[state] ?? words(state);

/** `email.marketing` as "E-mail, marketing". */
export function purposeOf(name: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? words(name) : `${words(name.slice(0, dot))}, ${words(name.slice(dot + 1)).toLowerCase()}`;
}

const ASKED: Record<string, string> = { access: "Their data", erasure: "To be erased", objection: "Objection", restriction: "Restriction", rectification: "A correction" };
export const KINDS = Object.keys(ASKED);
export const kindOfRequest = (kind: string): string => ASKED[kind] ?? words(kind);

const STEPS: Record<string, string> = { begun: "Begun", spool: "Arrivals rewritten", files: "Files rewritten", analytics: "Event log rewritten", forgotten: "Stores cleaned", done: "Done" };
export const stepOf = (step: string): string => STEPS[step] ?? words(step);
