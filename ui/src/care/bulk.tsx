import { Button, Select } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { words } from "@/formats/words";
import { OUTCOMES, options } from "./case-options";
import { signed, useMe } from "./me";
import { useChoices } from "./use-change";

type Asked = Omit<Partial<Schemas["CasesChange"]>, "change" | "closing"> & { change?: object; closing?: object };

/** The same change of all chosen cases, or of none. */
export function Bulk({ chosen, onDone }: { chosen: readonly string[]; onDone: () => void }) {
  const formats = useFormats();
  const client = useQueryClient();
  const say = useToast();
  const me = useMe();
  const choices = useChoices();
  const change = useMutation({
    mutationFn: (asked: Asked) => post<Schemas["CasesChanged"]>("cases/several", { ...asked, case_ids: [...chosen] }),
    onSuccess: ({ rows }) => {
      for (const name of ["cases", "overview", "workspace"]) void client.invalidateQueries({ queryKey: [name] });
      for (const row of rows) void client.invalidateQueries({ queryKey: [`cases/${encodeURIComponent(row.case_id)}`] });
      say(`${formats.plural(rows.length, "case", "cases")} changed.`);
      onDone();
    },
  });
  const ask = (asked: object) => change.mutate({ change: { ...signed(me), ...asked } });
  const owners = [...(choices?.teams ?? []).map((team) => ({ value: team.key, label: `${team.title} (team)` })), ...(choices?.owners ?? []).map((name) => ({ value: name, label: name })), { value: "nobody", label: "Nobody" }];
  return (
    <div className="ft-bulk" role="group" aria-label="Change the chosen cases">
      <span aria-live="polite">{formats.plural(chosen.length, "case", "cases")} chosen</span>
      {me && <Button size="xs" variant="default" loading={change.isPending} onClick={() => ask({ owner: me, state: "in_progress" })}>Take them</Button>}
      <Select className="ft-field" size="xs" aria-label="Give them to" placeholder="Give to …" data={owners} value={null} onChange={(owner) => owner && ask({ owner })} w={140} />
      <Select className="ft-field" size="xs" aria-label="Set their priority" placeholder="Priority …" data={options(["urgent", "high", "normal", "low", "by_value"])} value={null} onChange={(priority) => priority && ask({ priority })} w={120} />
      <Select className="ft-field" size="xs" aria-label="Close them as" placeholder="Close as …" data={OUTCOMES.map((value) => ({ value, label: words(value) }))} value={null} onChange={(outcome) => outcome && change.mutate({ closing: { ...signed(me), outcome } })} w={140} />
      <Button size="xs" variant="subtle" onClick={onDone}>Choose none</Button>
      {change.isError && <Failed error={change.error} />}
    </div>
  );
}
