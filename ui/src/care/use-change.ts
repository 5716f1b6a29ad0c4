import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, post } from "@/api/client";
import { queries } from "@/api/queries";
import type { CaseRow, Schemas } from "@/api/types";
import { useToast } from "@/components/toast";
import { signed, useMe } from "./me";

export type Body = Schemas["CaseBody"];
export type Change = Partial<Schemas["CaseChange"]>;
export type State = CaseRow["state"];

const LISTS = ["cases", "overview", "workspace"];

export const isOvertaken = (error: unknown) => error instanceof ApiError && (error.told.code === "CASE_CHANGED" || error.told.code === "CASE_CLOSED");

/** Change a case as it is shown. Where somebody else was faster, what they did is fetched; what was typed stays. */
export function useChange<Asked extends object>(row: Pick<CaseRow, "case_id" | "version">, path: string, said: string, done?: () => void) {
  const client = useQueryClient();
  const say = useToast();
  const me = useMe();
  const { queryKey } = queries.case(row.case_id);
  return useMutation({
    mutationFn: (asked: Asked) => post<Body>(`cases/${encodeURIComponent(row.case_id)}${path}`, { ...signed(me), ...asked, version: row.version }),
    onSuccess: (answer) => {
      client.setQueryData(queryKey, answer);
      for (const name of LISTS) void client.invalidateQueries({ queryKey: [name] });
      done?.();
      if (said) say(said);
    },
    onError: (error) => {
      if (!isOvertaken(error)) return;
      void client.invalidateQueries({ queryKey });
      for (const name of LISTS) void client.invalidateQueries({ queryKey: [name] });
    },
  });
}

/** Move a case to another state: on the board a case is moved that is not open beside it. */
export function useMove() {
  const client = useQueryClient();
  const say = useToast();
  const me = useMe();
  const refresh = () => { for (const name of LISTS) void client.invalidateQueries({ queryKey: [name] }); };
  return useMutation({
    mutationFn: ({ row, state }: { row: CaseRow; state: State }) => post<Body>(`cases/${encodeURIComponent(row.case_id)}`, { ...signed(me), state, version: row.version }),
    onSuccess: (answer) => {
      client.setQueryData(queries.case(answer.case_id).queryKey, answer);
      refresh();
    },
    onError: (error) => {
      refresh();
      say(isOvertaken(error) ? "Somebody else changed this case meanwhile; it is shown as it stands now." : "The case could not be moved.");
    },
  });
}

export const useChoices = () => useQuery({ ...queries.caseChoices(), staleTime: 60_000 }).data;
