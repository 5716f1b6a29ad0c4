import { Select, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "@/api/queries";
import type { Address } from "@/components/address";
import { periodOf, PERIODS } from "@/components/period";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { words } from "@/formats/words";
import "./deliver.css";
import { decisionWord } from "./message-words";

export const FILTERS = ["q", "decision", "reason", "state", "lane", "medium", "channel", "template", "journey", "step", "profile_id", "since"] as const;
export type Filter = (typeof FILTERS)[number];
export type Chosen = Partial<Record<Filter, string>>;

const STATES = ["queued", "sent", "delivered", "bounced", "failed", "cancelled", "uncertain", "sandboxed"];
const LANES = ["transactional", "bulk"];
const MEDIA = ["email", "sms", "push", "ads", "alert"];
const DECISIONS = ["send", "refuse", "defer", "held_out"];
const REASONS = [
  "no_consent", "no_address", "invalid_address", "suppressed", "contaminated", "quiet_hours", "survey_fatigue", "not_sampled", "frequency_cap", "outbid", "sandbox",
  "unknown_template", "unknown_channel", "unfit_template",
];

export const chosenIn = (address: Record<string, string | undefined>): Chosen =>
  Object.fromEntries(FILTERS.filter((name) => address[name]).map((name) => [name, address[name]]));

interface Props { chosen: Chosen; person?: string | null; total?: number; onChange: (change: Address) => void }

/** What the list is narrowed to: each filter is a chip that can be taken away. */
export function LedgerFilters({ chosen, person, total, onChange }: Props) {
  const formats = useFormats();
  const [open, setOpen] = useState(false);
  const journeys = useQuery(queries.journeys()).data?.rows ?? [];
  const titles = new Map(journeys.map((one) => [one.key, one.title]));
  const set = (name: Filter) => (value: string | null) => onChange({ [name]: value ?? undefined, page: undefined });
  const pick = (name: Filter, label: string, any: string, codes: readonly string[], say: (code: string) => string, width: number) => (
    <Select className="ft-field" aria-label={label} placeholder={any} clearable data={codes.map((one) => ({ value: one, label: say(one) }))} value={chosen[name] ?? null} onChange={set(name)} w={width} />
  );
  const chips = FILTERS.filter((name) => chosen[name]);
  return (
    <>
      <div className="ft-filters">
        <TextInput
          className="ft-field" key={chosen.q ?? ""} aria-label="Find a person, template or step" placeholder="Person, template or step" w={172} defaultValue={chosen.q ?? ""} leftSection={<IconSearch size={15} stroke={1.7} aria-hidden />}
          onBlur={(event) => event.currentTarget.value.trim() !== (chosen.q ?? "") && set("q")(event.currentTarget.value.trim() || null)}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
        <button type="button" className="ft-link ft-onphone" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? "Fewer filters" : "Filters"}</button>
        <span className="ft-morefilters" data-open={open}>
        {pick("decision", "Decision", "Sent and not sent", DECISIONS, decisionWord, 142)}
        {pick("reason", "Reason", "Any reason", chosen.reason && !REASONS.includes(chosen.reason) ? [...REASONS, chosen.reason] : REASONS, words, 124)}
        {pick("state", "State", "Any state", STATES, words, 110)}
        {pick("lane", "Lane", "Any lane", LANES, words, 108)}
        {pick("medium", "Channel", "Any channel", MEDIA, words, 118)}
        {pick("journey", "Journey", "Any journey", journeys.map((one) => one.key), (key) => titles.get(key) ?? key, 128)}
        {pick("since", "Period", "Any time", PERIODS.map(([days]) => days), (days) => periodOf(days), 116)}
        </span>
        <span className="grow" />
        <span className="ft-muted" aria-live="polite">{total !== undefined && formats.plural(total, "message", "messages")}</span>
      </div>
      {chips.length > 0 && (
        <div className="ft-chips">
          {chips.map((name) => (
            <button key={name} type="button" className="ft-chip" aria-label={`Take away: ${said(name, chosen, titles, person, formats)}`} onClick={() => set(name)(null)}>
              {said(name, chosen, titles, person, formats)}<IconX size={13} stroke={1.7} aria-hidden />
            </button>
          ))}
          {chips.length > 1 && <button type="button" className="ft-link" onClick={() => onChange({ ...Object.fromEntries(FILTERS.map((name) => [name, undefined])), page: undefined })}>Clear filters</button>}
        </div>
      )}
    </>
  );
}

function said(name: Filter, chosen: Chosen, titles: Map<string, string>, person: string | null | undefined, formats: Formats): string {
  const value = chosen[name] ?? "";
  if (name === "q") return `Holds “${value}”`;
  if (name === "decision") return `Decision: ${decisionWord(value).toLowerCase()}`;
  if (name === "profile_id") return `Only ${person ?? "one person"}`;
  if (name === "journey") return titles.get(value) ?? words(value);
  if (name === "since") return Number(value) === 1 ? periodOf(value) : `Last ${formats.count(Number(value))} days`;
  const label = { reason: "Reason", state: "State", lane: "Lane", medium: "Channel", channel: "Channel", template: "Template", step: "Step" }[name];
  return `${label}: ${words(value)}`;
}
