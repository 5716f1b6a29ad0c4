import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Address = Record<string, string | number | undefined>;

/** Filters, page and chosen row live in the address, so that any view can be sent. */
export function useAddress(): [Record<string, string | undefined>, (change: Address, replace?: boolean) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (change: Address, replace = false) => {
      void navigate({
        to: ".",
        replace,
        search: (before: Record<string, unknown>) => {
          const next: Record<string, unknown> = { ...before, ...change };
          for (const name of Object.keys(next)) if (next[name] === undefined || next[name] === "") delete next[name];
          return next;
        },
      } as never);
    },
    [navigate],
  );
  const told = Object.fromEntries(Object.entries(search).map(([name, value]) => [name, value === undefined ? undefined : String(value)]));
  return [told, set];
}

export const pageOf = (address: Record<string, string | undefined>): number => Math.max(1, Number(address.page) || 1);
