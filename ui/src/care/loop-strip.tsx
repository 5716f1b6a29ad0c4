import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import { LoopStrip } from "@/listen/loop-parts";

const DAYS = 90;

/** Who waits for a word after a low answer; nothing where there is no survey yet. */
export function CasesLoop() {
  const { data } = useQuery(queries.loop({ days: DAYS }));
  if (!data || (data.promptness.answers === 0 && data.whole.cases === 0)) return null;
  return <LoopStrip body={data} />;
}
