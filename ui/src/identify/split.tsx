import { Button } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { post } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import type { Formats } from "@/formats/formats";
import { identifierOf } from "./why";

interface Props { id: string; mergeId: number; quiet?: boolean }
const SHOWN = 3;

/** Takes a merge back, after saying what goes where. */
export function SplitButton({ id, mergeId, quiet }: Props) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button variant={quiet ? "default" : "filled"} leftSection={<IconArrowsSplit size={15} stroke={1.7} aria-hidden />} onClick={() => setAsking(true)}>Take back…</Button>
      {asking && <Ask id={id} mergeId={mergeId} onClose={() => setAsking(false)} />}
    </>
  );
}

function Ask({ id, mergeId, onClose }: { id: string; mergeId: number; onClose: () => void }) {
  const client = useQueryClient();
  const formats = useFormats();
  const say = useToast();
  const plan = useQuery(queries.splitPlan(id, mergeId));
  const splitting = useMutation({
    mutationFn: () => post<Schemas["SplitBody"]>("identity/split", { id, merge_id: mergeId }),
    onSuccess: () => {
      void client.invalidateQueries();
      say("They are two people again, and stay so.");
      onClose();
    },
  });
  if (plan.isError) return <Failed error={plan.error} retry={() => void plan.refetch()} />;
  return (
    <Confirm
      opened title="Make them two people again?" consequences={plan.data ? consequences(plan.data, formats) : [["Looking", "what would go where"]]}
      undo="Both are kept apart from now on, whatever events say; merging them by hand lifts that. Messages that have left stay with the address they went to."
      verb="Take the merge back" keep="Leave them one" busy={splitting.isPending || !plan.data} error={splitting.error ?? undefined}
      onConfirm={() => splitting.mutate()} onClose={onClose}
    />
  );
}

function consequences(plan: Schemas["SplitBody"], formats: Formats): [string, ReactNode][] {
  const moves = Object.entries(plan.moves).filter(([, count]) => count > 0);
  return [["Stays", <Side key="s" side={plan.stays} />], ["Leaves", <Side key="l" side={plan.leaves} />], ...moves.map(([what, count]): [string, ReactNode] => [`Goes along: ${what}`, formats.count(count)])];
}

function Side({ side }: { side: Schemas["PersonSide"] }) {
  const formats = useFormats();
  const rest = side.identifiers.length - SHOWN;
  return (
    <span style={{ overflowWrap: "anywhere" }}>
      {side.identifiers.slice(0, SHOWN).map(identifierOf).join(", ")}{rest > 0 && ` and ${formats.count(rest)} more`} <span className="ft-muted">({formats.plural(side.events, "event", "events")})</span>
    </span>
  );
}
