import { IconX } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";

/** Details without leaving the page. Esc closes; the focus returns to where it was. */
export function Panel({ title, badge, onClose, children }: { title: string; badge?: ReactNode; onClose: () => void; children: ReactNode }) {
  const box = useRef<HTMLElement>(null);
  const close = useRef(onClose);
  useEffect(() => { close.current = onClose; });
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !document.querySelector("[role=dialog]")) close.current();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside className="ft-card ft-panel" aria-label={title} tabIndex={-1} ref={box}>
      <div className="ft-panelhead">
        <h2>{title}</h2>
        {badge}
        <button type="button" className="ft-iconbutton" aria-label="Close" title="Close (Esc)" onClick={onClose}><IconX size={17} stroke={1.7} aria-hidden /></button>
      </div>
      {children}
    </aside>
  );
}

export function Section({ title, children }: { title?: string; children: ReactNode }) {
  return <section className="ft-section">{title && <h3>{title}</h3>}{children}</section>;
}
