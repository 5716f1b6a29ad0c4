import { Checkbox, Select, TextInput } from "@mantine/core";
import { useAddress, type Address } from "@/components/address";
import { words } from "@/formats/words";
import { measureName } from "@/listen/score-words";
import { setMe, useMe } from "./me";
import { useChoices } from "./use-change";

const STATES = [["unclosed", "Not closed"], ["open", "Open"], ["in_progress", "In progress"], ["waiting", "Waiting"], ["closed", "Closed"], ["all", "All"]].map(([value, label]) => ({ value: value ?? "", label: label ?? "" }));
const PRIORITIES = ["urgent", "high", "normal", "low"].map((value) => ({ value, label: words(value) }));
const SORTS = [{ value: "due", label: "Due first" }, { value: "value", label: "Most at risk first" }, { value: "opened", label: "Newest first" }];
const AT_RISK = [50, 100, 250, 500, 1000];
export const FILTERS = ["state", "owner", "team", "rule", "survey", "priority", "overdue", "at_risk"] as const;

export interface CaseFilters {
  owner?: string;
  team?: string;
  rule?: string;
  survey?: string;
  priority?: string;
  overdue?: boolean;
  at_risk?: string;
}

/** What the address asks for, as the API takes it; without the state, which a board has columns for. */
export function filtersOf(address: Record<string, string | undefined>): CaseFilters {
  const { owner, team, rule, survey, priority, overdue, at_risk } = address;
  return { owner, team, rule, survey, priority, overdue: overdue === "true" ? true : undefined, at_risk };
}

export const isFiltered = (address: Record<string, string | undefined>) => FILTERS.some((name) => address[name] !== undefined);

/** Whose, how pressing, how much is at risk; `state` only where a list shows several. */
export function CaseFilterBar({ board, money }: { board: boolean; money: (value: number) => string }) {
  const [address, setAddress] = useAddress();
  const choices = useChoices();
  const me = useMe();
  const set = (change: Address) => setAddress({ ...change, page: undefined });
  const people = [...new Set([...(choices?.owners ?? []), ...(address.owner && address.owner !== "nobody" ? [address.owner] : [])])].filter((name) => name !== me);
  const whose = [...(me ? [{ value: me, label: `Mine (${me})` }] : []), { value: "nobody", label: "Nobody's" }, ...people.map((name) => ({ value: name, label: name }))];
  return (
    <>
      {!board && <Select className="ft-field" aria-label="State" allowDeselect={false} data={STATES} value={address.state ?? "unclosed"} onChange={(value) => set({ state: value === "unclosed" ? undefined : (value ?? undefined) })} w={140} />}
      <Select className="ft-field" aria-label="Owner" placeholder="Any owner" clearable data={whose} value={address.owner ?? null} onChange={(value) => set({ owner: value ?? undefined })} w={150} />
      {(choices?.teams.length ?? 0) > 0 && <Select className="ft-field" aria-label="Team" placeholder="Any team" clearable data={choices?.teams.map((team) => ({ value: team.key, label: team.title }))} value={address.team ?? null} onChange={(value) => set({ team: value ?? undefined })} w={130} />}
      {(choices?.rules.length ?? 0) > 0 && <Select className="ft-field" aria-label="Kind of case" placeholder="Any kind" clearable data={choices?.rules.map((rule) => ({ value: rule.key, label: rule.title }))} value={address.rule ?? null} onChange={(value) => set({ rule: value ?? undefined })} w={150} />}
      {(choices?.surveys?.length ?? 0) > 0 && <Select className="ft-field" aria-label="Survey" placeholder="Any survey" clearable data={choices?.surveys.map((one) => ({ value: one, label: measureName(one) }))} value={address.survey ?? null} onChange={(value) => set({ survey: value ?? undefined })} w={130} />}
      <Select className="ft-field" aria-label="Priority" placeholder="Any priority" clearable data={PRIORITIES} value={address.priority ?? null} onChange={(value) => set({ priority: value ?? undefined })} w={130} />
      <Select className="ft-field" aria-label="Value at risk" placeholder="Any value at risk" clearable data={AT_RISK.map((value) => ({ value: String(value), label: `${money(value)} or more` }))} value={address.at_risk ?? null} onChange={(value) => set({ at_risk: value ?? undefined })} w={160} />
      <Checkbox label="Overdue" checked={address.overdue === "true"} onChange={(event) => set({ overdue: event.currentTarget.checked ? "true" : undefined })} />
      <Select className="ft-field" aria-label="Order" allowDeselect={false} data={SORTS} value={address.sort ?? "due"} onChange={(value) => set({ sort: value === "due" ? undefined : (value ?? undefined) })} w={160} />
      <TextInput key={me} className="ft-field" aria-label="Your name" placeholder="Your name" defaultValue={me} onBlur={(event) => event.currentTarget.value.trim() !== me && setMe(event.currentTarget.value)} onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()} w={120} />
    </>
  );
}
