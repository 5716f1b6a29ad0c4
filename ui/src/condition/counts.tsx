import { useFormats } from "@/formats/context";
import { useEditing } from "./context";
import { placeOf, type Path } from "./written";

/** How many one part holds alone, and how many are left of those before it. */
export function Counts({ path, most }: { path: Path; most: number | null }) {
  const formats = useFormats();
  const { parts, stale } = useEditing();
  const found = parts.get(placeOf(path));
  return (
    <>
      <span className="ft-cond-alone" data-stale={stale}><span className="ft-sr">alone </span>{found ? formats.count(found.alone) : ""}</span>
      <span className="ft-cond-left" data-stale={stale}>
        {found && found.left !== null && (
          <>
            <span className="ft-sr">left so far </span><b>{formats.count(found.left)}</b>
            <span className="ft-track" aria-hidden><i style={{ width: `${most ? Math.min(100, (found.left / most) * 100) : 0}%` }} /></span>
          </>
        )}
      </span>
    </>
  );
}

export function GroupCounts({ path }: { path: Path }) {
  const formats = useFormats();
  const { parts, stale } = useEditing();
  const found = parts.get(placeOf(path));
  if (!found) return null;
  return <span className="ft-small ft-muted ft-cond-groupcount" data-stale={stale}>{formats.count(found.alone)} alone{found.left !== null && <> · <b>{formats.count(found.left)}</b> left so far</>}</span>;
}
