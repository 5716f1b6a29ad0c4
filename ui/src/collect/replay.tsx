import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { useFormats } from "@/formats/context";
import { reasonTitle, sourceTitle } from "./codes";

type Result = Schemas["Replayed"];
interface Chosen { source?: string; code?: string; ids?: string[] }
interface Props { chosen: Chosen; rows: number; label: string; quiet?: boolean; onDone: (result: Result) => void }

/** Reads rows again by the mapping and the plan of today, after saying how many. */
export function Replay({ chosen, rows, label, quiet, onDone }: Props) {
  const formats = useFormats();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const replaying = useMutation({
    mutationFn: () => post<Result>("quarantine/replay", chosen),
    onSuccess: (result) => {
      setAsking(false);
      void client.invalidateQueries();
      onDone(result);
    },
  });
  return (
    <>
      <Button variant={quiet ? "default" : "filled"} leftSection={<IconRefresh size={15} stroke={1.7} aria-hidden />} onClick={() => setAsking(true)}>{label}</Button>
      <Confirm
        opened={asking} title={`Read ${formats.plural(rows, "row", "rows")} again?`}
        consequences={[
          ["Rows", formats.count(rows)],
          ...(chosen.source ? [["Source", sourceTitle(chosen.source)] as [string, string]] : []),
          ...(chosen.code ? [["Reason", reasonTitle(chosen.code)] as [string, string]] : []),
          ["Read by", "the mapping and plan of today"],
        ]}
        undo="Rows that are good now go in with the time they first arrived, each once; journeys may act on them. Taking them out again means erasing. Rows that are still wrong stay here."
        verb={rows === 1 ? "Replay the row" : "Replay the rows"} keep="Leave them" busy={replaying.isPending} error={replaying.error ?? undefined}
        onConfirm={() => replaying.mutate()} onClose={() => setAsking(false)}
      />
    </>
  );
}

/** What became of the rows that were read again. */
export function ReplayResult({ result, onClose }: { result: Result; onClose: () => void }) {
  const formats = useFormats();
  const stay = result.rows - result.replayed;
  const reasons = [
    ...Object.entries(result.still).map(([code, count]) => `${formats.count(count)}: ${reasonTitle(code)}`),
    ...Object.entries(result.left).map(([why, count]) => `${formats.count(count)} not read again: ${why}`),
  ];
  return (
    <div className="ft-note" data-tone={stay || reasons.length ? "warn" : "good"} role="status">
      <b>{formats.plural(result.rows, "row", "rows")} read again: {formats.count(result.replayed)} went in, {formats.count(stay)} stay. {formats.plural(result.events, "new event", "new events")}.</b>
      {reasons.length > 0 && <ul>{reasons.map((one) => <li key={one}>{one}</li>)}</ul>}
      <div><button type="button" className="ft-link ft-small" onClick={onClose}>Hide this</button></div>
    </div>
  );
}
