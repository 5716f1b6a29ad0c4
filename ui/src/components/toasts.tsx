import { IconCheck } from "@tabler/icons-react";
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { ToastContext } from "./toast";

/** One line that something is done; it leaves by itself. Errors never go here: they stand where they happened. */
export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<{ id: number; text: string }[]>([]);
  const say = useCallback((text: string) => {
    const id = performance.now();
    setShown((all) => [...all.slice(-2), { id, text }]);
    setTimeout(() => setShown((all) => all.filter((one) => one.id !== id)), 6000);
  }, []);
  const value = useMemo(() => say, [say]);
  return (
    <ToastContext.Provider value={value}>
      {children}
      <div className="ft-toasts" role="status" aria-live="polite">
        {shown.map((one) => (
          <div className="ft-toast" key={one.id}><IconCheck size={16} stroke={2} className="ft-icon ft-good" aria-hidden />{one.text}</div>
        ))}
      </div>
    </ToastContext.Provider>
  );
}
