import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { MessageRow, Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { useToast } from "@/components/toast";
import { messageName } from "./message-words";

/** A message in doubt: somebody has looked, and says whether it went out. */
export function Settle({ row, small }: { row: MessageRow; small?: boolean }) {
  const [wentOut, setWentOut] = useState<boolean | null>(null);
  const button = (answer: boolean, label: string) => (
    <Button variant="default" {...(small ? { size: "compact-sm" } : {})} aria-label={`${label}: ${messageName(row)} to ${row.address ?? "nobody"}`} onClick={() => setWentOut(answer)}>{label}</Button>
  );
  return (
    <div className="ft-actions">
      {button(true, "It went out")}
      {button(false, "It did not")}
      {wentOut !== null && <Asking row={row} wentOut={wentOut} onClose={() => setWentOut(null)} />}
    </div>
  );
}

function Asking({ row, wentOut, onClose }: { row: MessageRow; wentOut: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const say = useToast();
  const settling = useMutation({
    mutationFn: () => post<Schemas["MessageBody"]>(`messages/${encodeURIComponent(row.message_id)}/settle`, { went_out: wentOut }),
    onSuccess: () => {
      void client.invalidateQueries();
      say(wentOut ? "It counts as sent" : "It is tried again");
      onClose();
    },
  });
  const after: [string, string] = wentOut ? ["From now on", "it counts as sent, for caps too"] : ["From now on", "it waits to be sent again"];
  const checked: [string, string][] = wentOut ? [] : [["Asked again", "consent, suppression and sandbox"]];
  return (
    <Confirm
      opened title={wentOut ? `Did “${messageName(row)}” go out?` : `Send “${messageName(row)}” again?`}
      consequences={[["To", row.address ?? "nobody"], after, ...checked]}
      undo={wentOut ? "It is never sent again after this." : "If it went out after all, the person gets it twice."}
      verb={wentOut ? "Count it as sent" : "Send it again"} keep="Leave it in doubt" busy={settling.isPending} error={settling.error ?? undefined}
      onConfirm={() => settling.mutate()} onClose={onClose}
    />
  );
}
