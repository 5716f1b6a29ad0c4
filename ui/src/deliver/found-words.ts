import type { Formats } from "@/formats/formats";

const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z/g;
const MESSAGE = /\bm_[0-9a-z]{8,}\b/g;

/** A sentence of the ledger with its instants on the workspace's clock; ids of messages are cut short. */
export const toldIn = (text: string, formats: Formats): string =>
  text.replace(INSTANT, (instant) => formats.due(instant)).replace(MESSAGE, (id) => `${id.slice(0, 10)}…`);
