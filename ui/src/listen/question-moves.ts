import { isMapping, moved, put, type Json, type Mapping } from "@/condition/written";
import { keyFrom } from "@/segment/key";
import { keyOf, questionsOf, type Spec } from "./survey-spec";

const withQuestions = (spec: Spec, questions: readonly Json[]): Spec => put(spec, ["questions"], [...questions]) as Spec;

/** A key that no question of the survey has. */
export function freeKey(spec: Spec, wanted: string): string {
  const taken = new Set(questionsOf(spec).map(keyOf));
  const base = keyFrom(wanted) || "question";
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base}_${number}`)) return `${base}_${number}`;
}

/** With a question at the end, or behind another one; returns its place too. */
export function added(spec: Spec, question: Mapping, behind?: number): [Spec, number] {
  const all = questionsOf(spec);
  const place = behind === undefined ? all.length : behind + 1;
  return [withQuestions(spec, [...all.slice(0, place), question, ...all.slice(place)]), place];
}

export const removed = (spec: Spec, place: number): Spec => {
  const gone = keyOf(questionsOf(spec)[place] ?? {});
  const left = questionsOf(spec).filter((_, index) => index !== place).map((question) => withoutTest(question, gone));
  return withQuestions(spec, left);
};

/** A question that is no longer there is asked about by nobody. */
function withoutTest(question: Mapping, key: string): Mapping {
  if (!isMapping(question.when) || !(key in question.when)) return question;
  const rest = Object.fromEntries(Object.entries(question.when).filter(([name]) => name !== key));
  if (Object.keys(rest).length > 0) return { ...question, when: rest };
  return Object.fromEntries(Object.entries(question).filter(([name]) => name !== "when"));
}

export const shifted = (spec: Spec, from: number, to: number): Spec => {
  const last = questionsOf(spec).length - 1;
  const place = Math.max(0, Math.min(last, to));
  return from === place ? spec : withQuestions(spec, moved(questionsOf(spec), from, place));
};

/** Another key for a question, also where later ones ask about its answer. */
export function renamed(spec: Spec, place: number, key: string): Spec {
  const old = keyOf(questionsOf(spec)[place] ?? {});
  return withQuestions(spec, questionsOf(spec).map((question, index) => {
    const own = index === place ? { ...question, key } : question;
    if (!isMapping(own.when) || !(old in own.when) || index === place) return own;
    return { ...own, when: Object.fromEntries(Object.entries(own.when).map(([name, test]) => [name === old ? key : name, test])) };
  }));
}
