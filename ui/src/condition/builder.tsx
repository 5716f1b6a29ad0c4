import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import "./condition.css";
import { EditingContext, type Editing, type Told } from "./context";
import { JoinPick, Parts } from "./group";
import type { Edited } from "./history";
import { Faults } from "./row";
import { slotAt } from "./tree";
import { below, placeOf, type Path } from "./written";
import type { Vocabulary } from "./vocabulary";

interface BuilderProps {
  edited: Edited;
  vocabulary: Vocabulary;
  told: Told;
  /** Heads beyond those that speak of people at any time: `message`, `event`, `context`. */
  also?: readonly string[];
  readOnly?: boolean;
  /** What stands where there is no condition yet, such as how many everyone is. */
  everyone?: ReactNode;
  /** What the card is called; the people it speaks of. */
  heading?: string;
  /** Whether its parts are counted now; what lies in the future is not. */
  counted?: boolean;
}

const NONE: readonly string[] = [];

/** The condition builder: the same everywhere, over the same structure as the YAML. On a phone it is for reading. */
export function ConditionBuilder({ edited, vocabulary, told, also = NONE, readOnly = false, everyone, heading = "People who match", counted = true }: BuilderProps) {
  const { value, change } = edited;
  const isPhone = useMediaQuery("(max-width: 700px)") ?? false;
  const [wanted, setWanted] = useState<{ path: Path; more: boolean } | null>(null);
  const box = useRef<HTMLElement>(null);
  const closed = readOnly || isPhone;
  const editing = useMemo<Editing>(() => ({ ...told, value, change, vocabulary, also, readOnly: closed, focus: (path, more = false) => setWanted({ path, more }) }), [told, value, change, vocabulary, also, closed]);
  useEffect(() => {
    if (!wanted) return;
    const place = box.current?.querySelector(`[data-place="${CSS.escape(placeOf(wanted.path))}"]`);
    const controls = ":is(input, textarea, select)";
    const last = [...(place?.querySelectorAll<HTMLElement>(`.ft-phrase ${controls}`) ?? [])].at(-1);
    const field = place?.querySelector<HTMLElement>(".ft-blank input") ?? (wanted.more ? last : null) ?? place?.querySelector<HTMLElement>(".ft-subject input") ?? place?.querySelector<HTMLElement>(`.ft-cond-said ${controls}`);
    field?.focus();
    setWanted(null);
  }, [wanted]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (closed || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) edited.redo();
    else edited.undo();
  };
  const { items } = slotAt(value, []);
  const whole = told.faults.filter((fault) => !items.some((item) => below(fault.path, item)));
  return (
    <EditingContext.Provider value={editing}>
      <section className="ft-card ft-builder" aria-label={heading === "People who match" ? "Condition" : heading} data-closed={closed} ref={box} onKeyDown={onKeyDown}>
        <div className="ft-cond-head">
          <h2>{items.length > 1 || slotAt(value, []).join ? <>{heading} <JoinPick slot={[]} name="these" /> of these</> : heading}</h2>
          {items.length > 0 && counted && <><span aria-hidden>alone</span><span aria-hidden>left so far</span></>}
        </div>
        {items.length === 0 && <p className="ft-cond-everyone">{everyone ?? "Everyone."} {closed ? "" : "Add the first condition."}</p>}
        <Faults faults={whole} />
        <Parts slot={[]} depth={0} name="condition" />
        {!closed && <p className="ft-cond-hint ft-small ft-faint">Enter adds · Tab moves · Ctrl Z undoes</p>}
        {isPhone && !readOnly && <p className="ft-cond-hint ft-small ft-muted">To change the condition, open this page on a larger screen.</p>}
      </section>
    </EditingContext.Provider>
  );
}
