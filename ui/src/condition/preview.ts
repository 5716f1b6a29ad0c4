import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import type { Fault, Told } from "./context";
import { placeOf, type Json } from "./written";

type Answer = Schemas["ConditionPreview"];
export const DEBOUNCE_MS = 300;

export interface Preview {
  told: Told;
  /** The latest answer; of the condition before, while `told.stale`. */
  answer?: Answer;
  busy: boolean;
  error: unknown;
}

const NO_PARTS: Told["parts"] = new Map();
const NO_FAULTS: readonly Fault[] = [];

/** What a condition comes to, counted when typing has rested; until the new numbers come the old ones stay, dimmed. */
export function usePreview(value: Json, of: "known" | "all"): Preview {
  const [settled] = useDebouncedValue(value, DEBOUNCE_MS);
  const query = useQuery({
    queryKey: ["conditions/preview", of, settled] as const,
    queryFn: ({ signal }) => post<Answer>("conditions/preview", { condition: settled ?? {}, of }, signal),
    enabled: settled !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 30_000,
  });
  const answer = settled === null ? undefined : query.data;
  const stale = settled !== value || query.isPlaceholderData;
  const told = useMemo<Told>(() => ({
    parts: answer ? new Map(answer.parts.map((part) => [placeOf(part.path), { alone: part.alone, left: part.left }])) : NO_PARTS,
    // What was wrong before a change need not be wrong now, nor at that place.
    faults: answer && !stale ? answer.problems.map((one) => ({ path: one.path, what: one.what, next: one.next_step, warning: one.severity === "warning" })) : NO_FAULTS,
    stale,
  }), [answer, stale]);
  return { told, answer, busy: query.isFetching, error: query.error ?? undefined };
}
