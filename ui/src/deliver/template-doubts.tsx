import { IconAlertTriangle, IconCircleX } from "@tabler/icons-react";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { placeOf, placeWords, saidOf, type Doubt } from "./template-text";

interface Props { doubts: readonly Doubt[]; stale?: boolean; pending?: boolean; onJump?: (doubt: Doubt) => void }

/** What is wrong and what is doubtful, each with a way to its line. */
export function Doubts({ doubts, stale, pending, onJump }: Props) {
  const formats = useFormats();
  const errors = doubts.filter((one) => one.severity === "error").length;
  const side = doubts.length === 0 ? undefined : `${formats.count(errors)} wrong, ${formats.count(doubts.length - errors)} doubtful`;
  return (
    <Card title="What to look at" side={side && <span className="ft-faint ft-small">{side}</span>}>
      <div data-stale={stale} aria-live="polite">
        {doubts.length === 0 ? <p className="ft-body ft-muted">{pending ? "Reading the text" : "Nothing is wrong or doubtful."}</p> : (
          <ul className="ft-doubts">
            {doubts.map((doubt) => (
              <li key={`${doubt.code} ${doubt.path.join(".")} ${doubt.line ?? ""} ${doubt.what}`}>
                {doubt.severity === "error" ? <IconCircleX size={16} stroke={1.7} className="ft-bad" aria-label="wrong" /> : <IconAlertTriangle size={16} stroke={1.7} className="ft-warn" aria-label="doubtful" />}
                <div>
                  <p>{saidOf(doubt)}</p>
                  <p className="ft-muted ft-small">{doubt.next_step}</p>
                  {onJump && placeOf(doubt) ? <button type="button" className="ft-link ft-small" onClick={() => onJump(doubt)}>{placeWords(doubt)}</button> : <span className="ft-faint ft-small">{placeWords(doubt)}</span>}
                </div>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}
