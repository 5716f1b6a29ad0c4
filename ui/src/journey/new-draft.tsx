import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Failed } from "@/components/states";
import { keyFrom } from "@/segment/key";

/** Begins a draft under a name that nothing has yet: with no step, or with what `spec` says. */
export function NewDraft({ spec, verb }: { spec?: Record<string, unknown>; verb: string }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const key = keyFrom(title);
  const journeys = useQuery(queries.journeys());
  const drafts = useQuery(queries.journeyDrafts());
  const taken = [...(journeys.data?.rows ?? []), ...(drafts.data?.rows ?? [])].some((one) => one.key === key);
  const known = journeys.data !== undefined && drafts.data !== undefined;
  const begin = useMutation({
    mutationFn: () => put<Schemas["JourneyDraftBody"]>(`journey-drafts/${encodeURIComponent(key)}`, { spec: { ...(spec ?? { steps: [] }), title: title.trim() } }),
    onSuccess: async (draft) => {
      await client.invalidateQueries({ queryKey: ["journey-drafts"] });
      void navigate({ to: "/journeys/$key/draft", params: { key: draft.key } });
    },
  });
  const failed = begin.error ?? journeys.error ?? drafts.error;
  return (
    <>
      {failed && <Failed error={failed} />}
      <form className="ft-newdraft" onSubmit={(event) => { event.preventDefault(); if (key && known && !taken) begin.mutate(); }}>
        <TextInput
          label="Name" maxLength={200} value={title} onChange={(event) => setTitle(event.currentTarget.value)} description={key ? `Key: ${key}, for good` : "What people call it"}
          error={taken ? "There is a journey or a draft of this name already." : undefined}
        />
        <Button type="submit" variant="default" loading={begin.isPending} disabled={!key || taken || !known}>{verb}</Button>
      </form>
    </>
  );
}
