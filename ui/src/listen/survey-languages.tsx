import { Button, Select, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useFormats } from "@/formats/context";
import { languageName } from "./score-words";
import { languagesOf, OWN, withLanguage, withoutLanguage, textPlaces, type Spec } from "./survey-spec";

interface Props { spec: Spec; chosen: string; fields: (type: string) => readonly string[]; readOnly?: boolean; onChoose: (language: string) => void; onChange: (spec: Spec) => void }

const TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

/** In which language the texts are written now; with another one they are copied, to be written over. */
export function SurveyLanguages({ spec, chosen, fields, readOnly, onChoose, onChange }: Props) {
  const formats = useFormats();
  const [adding, setAdding] = useState("");
  const there = languagesOf(spec);
  const tag = adding.trim().replace("_", "-");
  const usual = formats.setting.locale.split("-")[0] ?? "en";
  const first = there[0] === OWN || there[0] === undefined ? (usual === tag ? "en" : usual) : there[0];
  const wrong = tag !== "" && (!TAG.test(tag) || there.includes(tag));
  const add = () => {
    if (tag === "" || wrong) return;
    onChange(withLanguage(spec, textPlaces(spec, fields), first, tag));
    onChoose(tag);
    setAdding("");
  };
  return (
    <div className="ft-languages">
      {there.length > 1 || there[0] !== OWN
        ? <Select aria-label="Language of the texts" size="xs" allowDeselect={false} data={there.map((language) => ({ value: language, label: languageName(language, formats.setting.locale) }))} value={chosen} onChange={(language) => onChoose(language ?? OWN)} />
        : <span className="ft-muted ft-small">One language, for everybody</span>}
      {!readOnly && there.length > 1 && <Button size="xs" variant="default" onClick={() => { const next = withoutLanguage(spec, chosen); onChange(next); onChoose(languagesOf(next)[0] ?? OWN); }}>Take {languageName(chosen, formats.setting.locale)} away</Button>}
      {!readOnly && (
        <>
          <TextInput aria-label="Another language" size="xs" placeholder="de, fr-CH" error={wrong} value={adding} onChange={(event) => setAdding(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") add(); }} w={84} />
          <Button size="xs" variant="default" aria-label="Add the language" leftSection={<IconPlus size={14} stroke={1.7} aria-hidden />} disabled={tag === "" || wrong} onClick={add}>Add</Button>
        </>
      )}
    </div>
  );
}
