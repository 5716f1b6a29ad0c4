import { useRef, type KeyboardEvent } from "react";

interface Props<Key extends string> { label: string; tabs: readonly (readonly [Key, string])[]; chosen: Key; onChoose: (key: Key) => void; inset?: boolean }

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowRight: (at, count) => (at + 1) % count, ArrowLeft: (at, count) => (at - 1 + count) % count, Home: () => 0, End: (_, count) => count - 1,
};

/** One stop of the tabulator; arrow keys, Home and End choose. */
export function Tabs<Key extends string>({ label, tabs, chosen, onChoose, inset }: Props<Key>) {
  const box = useRef<HTMLDivElement>(null);
  const at = Math.max(0, tabs.findIndex(([key]) => key === chosen));
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const next = step(at, tabs.length);
    const key = tabs[next]?.[0];
    if (key === undefined) return;
    onChoose(key);
    box.current?.querySelectorAll<HTMLButtonElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div className="ft-tabs" role="tablist" aria-label={label} ref={box} onKeyDown={onKeyDown} style={inset ? { padding: "0 14px" } : undefined}>
      {tabs.map(([key, title], index) => <button key={key} type="button" role="tab" aria-selected={index === at} tabIndex={index === at ? 0 : -1} onClick={() => onChoose(key)}>{title}</button>)}
    </div>
  );
}
