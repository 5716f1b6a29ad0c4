import { Button, Menu } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconCopy, IconGripVertical, IconPlus, IconTrash } from "@tabler/icons-react";
import { useRef, useState, type DragEvent, type KeyboardEvent } from "react";
import type { Schemas } from "@/api/types";
import { Badge, Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { added, freeKey, removed, shifted } from "./question-moves";
import { anySaid, keyOf, questionsOf, textIn, type Spec } from "./survey-spec";

type Type = Schemas["QuestionTypeBody"];

interface Props {
  spec: Spec; language: string; types: readonly Type[]; chosen: number; wrong: ReadonlySet<number>; whens: ReadonlyMap<string, string | null>; readOnly?: boolean;
  onChoose: (place: number) => void; onChange: (spec: Spec) => void;
}

/** The questions in their order. Moved by mouse, by Alt and an arrow key, or by the buttons of the chosen one. */
export function QuestionList({ spec, language, types, chosen, wrong, whens, readOnly, onChoose, onChange }: Props) {
  const formats = useFormats();
  const box = useRef<HTMLOListElement>(null);
  const [said, setSaid] = useState("");
  const [dragged, setDragged] = useState<number>();
  const [over, setOver] = useState<number>();
  const questions = questionsOf(spec);
  const titleOf = (place: number) => anySaid(questions[place]?.ask, language) || keyOf(questions[place] ?? {}) || "Question";
  const move = (from: number, to: number) => {
    const place = Math.max(0, Math.min(questions.length - 1, to));
    if (place === from) return;
    onChange(shifted(spec, from, place));
    onChoose(place);
    setSaid(`${titleOf(from)} is question ${place + 1} of ${questions.length} now.`);
    setTimeout(() => box.current?.querySelectorAll<HTMLButtonElement>(".ft-questionpick")[place]?.focus());
  };
  const onKeyDown = (place: number) => (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    if (event.altKey && !readOnly) move(place, place + step);
    else box.current?.querySelectorAll<HTMLButtonElement>(".ft-questionpick")[place + step]?.focus();
  };
  const dropped = (place: number) => (event: DragEvent) => {
    event.preventDefault();
    if (dragged !== undefined) move(dragged, place);
    setDragged(undefined);
    setOver(undefined);
  };
  const add = (type: Type) => {
    const [next, place] = added(spec, { key: freeKey(spec, type.name), type: type.name, ...(type.example as Spec) });
    onChange(next);
    onChoose(place);
  };
  return (
    <Card title="Questions" side={formats.plural(questions.length, "question", "questions")}>
      <p className="ft-sr" role="status" aria-live="polite">{said}</p>
      {questions.length === 0 && <p className="ft-body ft-muted">Nothing is asked yet. Add the first question.</p>}
      <ol className="ft-questions" ref={box}>
        {questions.map((question, place) => (
          <li
            key={keyOf(question) || place} data-chosen={place === chosen} data-over={over === place && dragged !== place} draggable={!readOnly}
            onDragStart={() => setDragged(place)} onDragEnd={() => { setDragged(undefined); setOver(undefined); }} onDragOver={(event) => { if (dragged !== undefined) { event.preventDefault(); setOver(place); } }} onDrop={dropped(place)}
          >
            {!readOnly && <IconGripVertical size={15} stroke={1.7} className="ft-faint" aria-hidden />}
            <button type="button" className="ft-plain ft-questionpick" aria-current={place === chosen} aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown" onClick={() => onChoose(place)} onKeyDown={onKeyDown(place)}>
              <b>{place + 1}. {titleOf(place)}</b>
              <span className="ft-muted ft-small">{types.find((one) => one.name === question.type)?.title ?? textIn(question.type)}{question.required === true && ", required"}{whenWords(question, whens)}</span>
            </button>
            {wrong.has(place) && <Badge tone="bad">To mend</Badge>}
          </li>
        ))}
      </ol>
      {!readOnly && (
        <div className="ft-body ft-actions">
          <Menu position="bottom-start">
            <Menu.Target><Button variant="default" size="xs" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />}>Add a question</Button></Menu.Target>
            <Menu.Dropdown>{types.map((type) => <Menu.Item key={type.name} onClick={() => add(type)}>{type.title}<span className="two ft-muted ft-small">{type.description}</span></Menu.Item>)}</Menu.Dropdown>
          </Menu>
          {questions.length > 0 && <Chosen place={chosen} count={questions.length} onMove={move} onCopy={() => {
            const question = questions[chosen];
            if (!question) return;
            const [next, place] = added(spec, { ...question, key: freeKey(spec, keyOf(question)) }, chosen);
            onChange(next);
            onChoose(place);
          }} onRemove={() => { onChange(removed(spec, chosen)); onChoose(Math.max(0, chosen - 1)); setSaid(`${titleOf(chosen)} is taken out.`); }} />}
        </div>
      )}
    </Card>
  );
}

function whenWords(question: Spec, whens: ReadonlyMap<string, string | null>): string {
  const told = whens.get(keyOf(question));
  if (told) return ` · ${told}`;
  return question.when ? " · not always" : "";
}

function Chosen({ place, count, onMove, onCopy, onRemove }: { place: number; count: number; onMove: (from: number, to: number) => void; onCopy: () => void; onRemove: () => void }) {
  const parts = [
    { label: "Move up", icon: IconArrowUp, off: place === 0, act: () => onMove(place, place - 1) },
    { label: "Move down", icon: IconArrowDown, off: place >= count - 1, act: () => onMove(place, place + 1) },
    { label: "Copy the question", icon: IconCopy, off: false, act: onCopy },
    { label: "Take the question out", icon: IconTrash, off: false, act: onRemove },
  ];
  return (
    <div className="ft-questiontools" role="group" aria-label={`Question ${place + 1}`}>
      {parts.map(({ label, icon: Sign, off, act }) => <button key={label} type="button" className="ft-iconbutton" aria-label={label} title={label} disabled={off} onClick={act}><Sign size={16} stroke={1.7} aria-hidden /></button>)}
    </div>
  );
}
