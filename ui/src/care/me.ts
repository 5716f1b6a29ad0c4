import { useSyncExternalStore } from "react";

const KEY = "foretell.me";
const listeners = new Set<() => void>();

const read = () => {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
};

export function setMe(name: string) {
  try {
    localStorage.setItem(KEY, name.trim());
  } catch {
    // A browser that keeps nothing asks again next time.
  }
  for (const tell of listeners) tell();
}

/** The name under which whoever sits here takes cases; empty until they say it. */
export const useMe = () => useSyncExternalStore((tell) => { listeners.add(tell); return () => listeners.delete(tell); }, read, () => "");

/** Who makes a change; nothing where nobody said. */
export const signed = (me: string) => (me ? { by: me } : {});
