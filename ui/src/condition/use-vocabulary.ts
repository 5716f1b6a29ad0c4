import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queries } from "@/api/queries";
import { useFormats } from "@/formats/context";
import { NOTHING_KNOWN, vocabularyFrom, type Vocabulary } from "./vocabulary";

/** What conditions of this workspace can speak of; until it has come, every name can be typed. */
export function useVocabulary(): Vocabulary {
  const formats = useFormats();
  const { data } = useQuery({ ...queries.vocabulary(), staleTime: 60_000 });
  return useMemo(() => (data ? vocabularyFrom(data, formats.countShort) : NOTHING_KNOWN), [data, formats]);
}
