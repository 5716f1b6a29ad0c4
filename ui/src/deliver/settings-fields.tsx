import { NumberInput, Select, Switch, TextInput } from "@mantine/core";
import type { SettingField, Value, Values } from "./settings-schema";

/** The fields of an implementation's settings; what is wrong stands beside its field. */
export function SettingsFields({ fields, values, wrong, onChange }: { fields: SettingField[]; values: Values; wrong: Record<string, string>; onChange: (name: string, value: Value) => void }) {
  const needed = fields.filter((field) => field.required);
  const more = fields.filter((field) => !field.required);
  const open = more.some((field) => wrong[field.name]);
  return (
    <>
      {needed.map((field) => <One key={field.name} field={field} value={values[field.name] ?? null} error={wrong[field.name]} onChange={(value) => onChange(field.name, value)} />)}
      {more.length > 0 && (
        <details open={open || needed.length === 0}>
          <summary className="ft-link ft-small" style={{ cursor: "pointer" }}>More settings, {more.length}</summary>
          <div style={{ display: "grid", gap: 12, marginTop: 10 }}>
            {more.map((field) => <One key={field.name} field={field} value={values[field.name] ?? null} error={wrong[field.name]} onChange={(value) => onChange(field.name, value)} />)}
          </div>
        </details>
      )}
    </>
  );
}

function One({ field, value, error, onChange }: { field: SettingField; value: Value; error?: string; onChange: (value: Value) => void }) {
  const shared = { label: field.label, description: field.description, error };
  if (field.kind === "switch") return <Switch {...shared} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />;
  if (field.kind === "number") return <NumberInput {...shared} required={field.required} value={typeof value === "number" ? value : ""} onChange={(now) => onChange(typeof now === "number" ? now : null)} />;
  if (field.kind === "choice" || (field.kind === "secret" && field.choices.length > 0)) {
    return <Select {...shared} required={field.required} clearable={!field.required} allowDeselect={!field.required} data={field.choices} value={value === null ? null : String(value)} onChange={onChange} placeholder={field.kind === "secret" ? "A name under secrets in foretell.yaml" : undefined} />;
  }
  const note = field.kind === "secret" ? `${field.description} There is none yet: write secrets: {NAME: \${VARIABLE}} there, and start the server again.` : field.description;
  return <TextInput {...shared} description={note} required={field.required} value={value === null ? "" : String(value)} onChange={(event) => onChange(event.currentTarget.value)} />;
}
