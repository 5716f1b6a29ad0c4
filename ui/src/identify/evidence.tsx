import type { Schemas } from "@/api/types";
import { kindOf } from "./why";

type Merge = Schemas["MergeRow"];

/** The two identifiers that joined two profiles. */
export function Evidence({ merge }: { merge: Pick<Merge, "kind_a" | "value_a" | "kind_b" | "value_b" | "note"> }) {
  if (!merge.kind_a || !merge.kind_b) return <span className="ft-muted">{merge.note ?? "no evidence was kept"}</span>;
  return (
    <span style={{ overflowWrap: "anywhere" }}>
      <Named kind={merge.kind_a} value={merge.value_a} /> <span className="ft-muted">with</span> <Named kind={merge.kind_b} value={merge.value_b} />
    </span>
  );
}

export function Named({ kind, value }: { kind: string; value: string | null }) {
  return <><span className="ft-muted">{kindOf(kind)}</span> <bdi style={{ fontWeight: 500 }}>{value}</bdi></>;
}
