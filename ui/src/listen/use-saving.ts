import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { put } from "@/api/client";
import type { Schemas } from "@/api/types";
import { useToast } from "@/components/toast";
import type { Spec } from "./survey-spec";

/** Saves the revision that was opened, so that nobody's change of the meantime is written over; then it is left freely. */
export function useSaving(key: string, revision: number, title: string, spec: Spec) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  const leaving = useRef(false);
  const saving = useMutation({
    mutationFn: () => put<Schemas["SavedDocument"]>(`surveys/${encodeURIComponent(key)}`, { spec }, { revision }),
    onSuccess: async (saved) => {
      leaving.current = true;
      await client.invalidateQueries();
      say(`“${title.trim()}” is saved.`);
      await navigate({ to: "/surveys/$key", params: { key: saved.key } });
      leaving.current = false;
    },
  });
  return { saving, isLeaving: () => leaving.current };
}
