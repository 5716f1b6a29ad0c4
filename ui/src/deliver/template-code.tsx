import { useEffect, useId, useRef, useState, type RefObject } from "react";
import { lineRange } from "./template-text";

interface Props { label: string; description?: string; value: string; onChange?: (value: string) => void; wrong: ReadonlyMap<number, "error" | "warning">; jump?: { line: number; turn: number } }

const LINE_PX = 19;

/** A text of several lines with their numbers; those with something wrong are marked. */
export function Code({ label, description, value, onChange, wrong, jump }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const [top, setTop] = useState(0);
  useJump(area, value, jump);
  const lines = value.split("\n").length;
  return (
    <div className="ft-code">
      <label htmlFor={id}>{label}</label>
      {description && <p className="ft-faint ft-small" id={`${id}-about`}>{description}</p>}
      <div className="ft-codebox" data-read={!onChange}>
        <ol className="ft-lines" aria-hidden style={{ transform: `translateY(${-top}px)` }}>
          {Array.from({ length: lines }, (_, place) => <li key={place} data-wrong={wrong.get(place + 1)}>{place + 1}</li>)}
        </ol>
        <textarea
          id={id} ref={area} value={value} readOnly={!onChange} spellCheck={false} wrap="off" aria-describedby={description ? `${id}-about` : undefined}
          onChange={(event) => onChange?.(event.currentTarget.value)} onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        />
      </div>
    </div>
  );
}

/** Select the line that a problem names, and bring it into view. */
function useJump(area: RefObject<HTMLTextAreaElement | null>, value: string, jump: Props["jump"]) {
  const text = useRef(value);
  useEffect(() => { text.current = value; });
  useEffect(() => {
    const box = area.current;
    if (!jump || !box) return;
    const [start, end] = lineRange(text.current, jump.line);
    box.focus();
    box.setSelectionRange(start, end);
    box.scrollTop = Math.max(0, (jump.line - 4) * LINE_PX);
  }, [area, jump]);
}
