import { createContext, useContext } from "react";
import type { Json, Path } from "./written";
import { NOTHING_KNOWN, type Vocabulary } from "./vocabulary";

export interface PartCount { alone: number | null; left: number | null }
export interface Fault { path: Path; what: string; next?: string | null; warning?: boolean }

/** What the server says of the condition as it stands. */
export interface Told {
  parts: ReadonlyMap<string, PartCount>;
  faults: readonly Fault[];
  /** The numbers are of the condition before the last change. */
  stale: boolean;
}

export interface Editing extends Told {
  value: Json;
  change: (next: Json, tag?: string) => void;
  vocabulary: Vocabulary;
  /** Heads beyond those that speak of people at any time. */
  also: readonly string[];
  readOnly: boolean;
  /** Where the caret goes after the next change: into the row, or with `more` into what was just added to it. */
  focus: (path: Path, more?: boolean) => void;
}

export const EditingContext = createContext<Editing>({
  value: null, change: () => undefined, vocabulary: NOTHING_KNOWN, also: [], readOnly: true, focus: () => undefined, parts: new Map(), faults: [], stale: false,
});
export const useEditing = () => useContext(EditingContext);
