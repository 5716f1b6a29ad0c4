import { Button, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";
import { isMapping, moved, type Json, type Mapping } from "@/condition/written";
import { keyFrom } from "@/segment/key";
import { saidIn, textIn } from "./survey-spec";

interface Props { title: string; one: string; value: Json | undefined; language: string; readOnly?: boolean; wrong?: string; onChange: (items: Json[]) => void; onSay: (place: number, text: string) => void }

/** Options, rows or columns: what people read of each, and the key by which answers are kept. */
export function OptionList({ title, one, value, language, readOnly, wrong, onChange, onSay }: Props) {
  const items = (Array.isArray(value) ? value : []).map((item) => (isMapping(item) ? item : { key: String(item), label: String(item) }));
  const set = (place: number, change: Mapping) => onChange(items.map((item, index) => (index === place ? { ...item, ...change } : item)));
  const free = (wanted: string) => {
    const base = keyFrom(wanted) || one;
    const taken = new Set(items.map((item) => textIn(item.key)));
    for (let number = 1; ; number += 1) {
      const key = number === 1 ? base : `${base}_${number}`;
      if (!taken.has(key)) return key;
    }
  };
  return (
    <fieldset className="ft-options">
      <legend>{title}</legend>
      {wrong && <p className="ft-bad ft-small" role="alert">{wrong}</p>}
      {items.map((item, place) => (
        <div key={place} className="ft-optionrow">
          <TextInput aria-label={`${title} ${place + 1}: what people read`} size="xs" readOnly={readOnly} value={saidIn(item.label, language)} onChange={(event) => onSay(place, event.currentTarget.value)} />
          <TextInput aria-label={`${title} ${place + 1}: key`} size="xs" className="ft-optionkey" readOnly={readOnly} value={textIn(item.key)} onChange={(event) => set(place, { key: event.currentTarget.value })} />
          {!readOnly && (
            <span className="ft-optiontools">
              <button type="button" className="ft-iconbutton" aria-label={`Move ${one} ${place + 1} up`} disabled={place === 0} onClick={() => onChange(moved(items, place, place - 1))}><IconArrowUp size={14} stroke={1.7} aria-hidden /></button>
              <button type="button" className="ft-iconbutton" aria-label={`Move ${one} ${place + 1} down`} disabled={place === items.length - 1} onClick={() => onChange(moved(items, place, place + 1))}><IconArrowDown size={14} stroke={1.7} aria-hidden /></button>
              <button type="button" className="ft-iconbutton" aria-label={`Take ${one} ${place + 1} out`} onClick={() => onChange(items.filter((_, index) => index !== place))}><IconX size={14} stroke={1.7} aria-hidden /></button>
            </span>
          )}
        </div>
      ))}
      {!readOnly && <Button size="xs" variant="default" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} onClick={() => onChange([...items, { key: free(`${one} ${items.length + 1}`), label: language === "" ? `New ${one}` : { [language]: `New ${one}` } }])}>Add {/^[aeiou]/.test(one) ? "an" : "a"} {one}</Button>}
    </fieldset>
  );
}
