import { useCallback, useState } from "react";
import { same, type Json } from "./written";

interface Kept { past: Json[]; now: Json; future: Json[]; tag: string }

export interface Edited { value: Json; change: (next: Json, tag?: string) => void; undo: () => void; redo: () => void; reset: (next: Json) => void; canUndo: boolean; canRedo: boolean }

const MOST = 200;

/** A condition with the way back. Changes with the same tag, as letters typed into one field, are one step. */
export function useEdited(initial: Json): Edited {
  const [kept, setKept] = useState<Kept>({ past: [], now: initial, future: [], tag: "" });
  const change = useCallback((next: Json, tag = "") => setKept((before) => {
    if (same(before.now, next)) return before;
    const together = tag !== "" && tag === before.tag;
    return { past: together ? before.past : [...before.past.slice(-MOST), before.now], now: next, future: [], tag };
  }), []);
  const undo = useCallback(() => setKept((before) => {
    const last = before.past.at(-1);
    return last === undefined ? before : { past: before.past.slice(0, -1), now: last, future: [before.now, ...before.future], tag: "" };
  }), []);
  const redo = useCallback(() => setKept((before) => {
    const [next, ...future] = before.future;
    return next === undefined ? before : { past: [...before.past, before.now], now: next, future, tag: "" };
  }), []);
  const reset = useCallback((next: Json) => setKept({ past: [], now: next, future: [], tag: "" }), []);
  return { value: kept.now, change, undo, redo, reset, canUndo: kept.past.length > 0, canRedo: kept.future.length > 0 };
}
