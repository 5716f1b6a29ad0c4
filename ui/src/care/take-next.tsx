import { Button } from "@mantine/core";
import { IconPlayerTrackNext } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ApiError, get, post } from "@/api/client";
import { queries } from "@/api/queries";
import type { CaseRow, Schemas } from "@/api/types";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useMe } from "./me";

const TRIES = 3;

/** Take the open case that is due first: it is in progress from then on, so nobody else takes it. */
export function TakeNext({ owner }: { owner: string | undefined }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const me = useMe();
  const open = useQuery(queries.cases({ state: "open", owner }));
  const taking = useMutation({
    mutationFn: () => takeFirst(owner, me, TRIES),
    onSuccess: (taken) => {
      for (const name of ["cases", "overview", "workspace"]) void client.invalidateQueries({ queryKey: [name] });
      if (!taken) return say("No open case is left.");
      client.setQueryData(queries.case(taken.case_id).queryKey, taken);
      void navigate({ to: "/cases/$id", params: { id: taken.case_id }, search: ((before: unknown) => before) as never });
      say(`${taken.title}: in progress.`);
    },
  });
  return (
    <>
      {taking.isError && <Failed error={taking.error} />}
      <Button leftSection={<IconPlayerTrackNext size={16} stroke={1.7} aria-hidden />} loading={taking.isPending} disabled={!open.data?.total} onClick={() => taking.mutate()}>Take the next case</Button>
    </>
  );
}

/** Somebody else may be faster; then the one after it is next. */
async function takeFirst(owner: string | undefined, me: string, tries: number): Promise<Schemas["CaseBody"] | null> {
  const found = await get<Schemas["Cases"]>("cases", { state: "open", owner });
  const first: CaseRow | undefined = found.rows[0];
  if (!first) return null;
  try {
    const path = `cases/${encodeURIComponent(first.case_id)}`;
    if (me) return await post<Schemas["CaseBody"]>(`${path}/take`, { by: me, version: first.version });
    return await post<Schemas["CaseBody"]>(path, { state: "in_progress", version: first.version });
  } catch (error) {
    if (tries > 1 && error instanceof ApiError && error.told.code === "CASE_CHANGED") return takeFirst(owner, me, tries - 1);
    throw error;
  }
}
