import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { SECTIONS } from "./sections";

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/** Ctrl K finds, `?` helps, `g` and a letter goes to a section. */
export function useShortcuts({ onFind, onHelp }: { onFind: () => void; onHelp: () => void }) {
  const navigate = useNavigate();
  const doing = useRef({ onFind, onHelp });
  useEffect(() => { doing.current = { onFind, onHelp }; });
  useEffect(() => {
    let going = 0;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        doing.current.onFind();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const section = event.timeStamp - going < 1200 ? SECTIONS.find((one) => one.letter === event.key) : undefined;
      going = event.key === "g" ? event.timeStamp : 0;
      if (section) void navigate({ to: section.to });
      else if (event.key === "?") doing.current.onHelp();
      else if (event.key === "/") {
        event.preventDefault();
        doing.current.onFind();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
}
