import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml";
import type { Schemas } from "@/api/types";

type Problem = Schemas["ConditionProblem"];

/** What a draft is called; its key where it has no title yet. */
export const titleOf = (draft: { key: string; spec: Record<string, unknown> }): string => (typeof draft.spec.title === "string" && draft.spec.title.trim() ? draft.spec.title : draft.key.replaceAll("_", " "));

/** The line of each problem in the text of the spec: of the innermost part of its path that is there; 1 for the whole. */
export function linesOf(text: string, problems: readonly Problem[]): number[] {
  const counter = new LineCounter();
  const root = parseDocument(text, { schema: "failsafe", lineCounter: counter, prettyErrors: false }).contents;
  return problems.map((problem) => {
    let node: unknown = root;
    let at = 0;
    for (const part of problem.path) {
      const found = within(node, part);
      if (!found) break;
      [node, at] = found;
    }
    return Math.max(1, counter.linePos(at).line);
  });
}

function within(node: unknown, part: string | number): [unknown, number] | undefined {
  if (isMap(node)) {
    const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(part));
    return pair && [pair.value, startOf(pair.key) ?? 0];
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(part)];
  const start = startOf(item);
  return start === undefined ? undefined : [item, start];
}

const startOf = (node: unknown): number | undefined => (node as Node | undefined)?.range?.[0];
