import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError, put } from "@/api/client";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { Badge, Card, Page } from "@/components/page";
import { Failed, Loaded } from "@/components/states";
import { useToast } from "@/components/toast";
import { keyFrom } from "@/segment/key";
import { Code } from "./template-code";
import { Doubts } from "./template-doubts";
import { isRefused, LookCard, useLook } from "./template-look";
import { languagesOf, markupOf, OWN, placeOf, textOf, TITLES, withLanguage, withoutLanguage, withText, type Doubt, type Field, type Spec } from "./template-text";
import { Tabs } from "./tabs";
import "./templates.css";

interface Begun { key?: string; revision: number; spec: Spec; readOnly: boolean; file?: string }

const NEW: Begun = {
  revision: 0, readOnly: false,
  spec: { title: "", subject: "Hello {{ person.first_name | default: 'there' }}", html: "<h1>Hello {{ person.first_name | default: 'there' }}</h1>\n<p>What you want to say.</p>\n<p><a class=\"button\" href=\"https://\">Take a look</a></p>\n" },
};

/** A new template, with a first mail to write over. */
export const NewTemplatePage = () => <Editor begun={NEW} />;

export function TemplatePage() {
  const key = useParams({ strict: false }).key ?? "";
  const query = useQuery(queries.template(key));
  const found = query.data;
  if (!found) return <Page title="Template" crumb={<Link to="/templates">Templates</Link>}><Loaded query={query} rows={8}>{() => null}</Loaded></Page>;
  return <Editor key={`${key} ${found.revision}`} begun={{ key, revision: found.revision, spec: found.spec, readOnly: found.kept_by === "files", file: found.file }} />;
}

function Editor({ begun }: { begun: Begun }) {
  const [spec, setSpec] = useState(begun.spec);
  const [language, setLanguage] = useState(OWN);
  const [field, setField] = useState<Field>();
  const [jump, setJump] = useState<{ line: number; turn: number }>();
  const title = String(spec.title ?? "");
  const key = begun.key ?? keyFrom(title);
  const look = useLook(key || "draft", spec);
  const saving = useSaving(begun, key, title, spec);
  const refused = saving.error instanceof ApiError ? saving.error.problems : NONE;
  const wrong = isRefused(look.query.error) ? look.query.error.problems : NONE;
  const doubts = useMemo(() => [...wrong, ...refused.filter((one) => !wrong.some((there) => there.what === one.what)), ...(wrong.length > 0 ? NONE : look.query.data?.doubts ?? NONE)], [wrong, refused, look.query.data]);
  const changed = JSON.stringify(spec) !== JSON.stringify(begun.spec);
  const toDoubt = (doubt: Doubt) => {
    const place = placeOf(doubt);
    if (!place) return;
    setLanguage(place.language);
    setField(place.field);
    setJump({ line: doubt.line ?? 1, turn: (jump?.turn ?? 0) + 1 });
  };
  const missing = title.trim() === "" ? "Give the template a name first." : wrong.length > 0 ? "Something is wrong with it." : undefined;
  return (
    <Page
      title={title || "New template"} crumb={<Link to="/templates">Templates</Link>} purpose={String(spec.description ?? "") || "What does it say, and to whom?"}
      badges={begun.readOnly ? <Badge>Kept in files</Badge> : changed ? <Badge tone="warn">Draft</Badge> : undefined}
      actions={begun.readOnly ? <Button variant="default" component={Link} to="/templates">All templates</Button> : (
        <>
          <Button variant="default" component={Link} to="/templates">Discard</Button>
          <Button loading={saving.isPending} disabled={Boolean(missing)} title={missing} onClick={() => saving.mutate()}>Save the template</Button>
        </>
      )}
    >
      {saving.isError && <Failed error={saving.error} />}
      {begun.readOnly && <p className="ft-note">People keep it in the file {begun.file}. What you change here can be looked at and tested, and is saved nowhere.</p>}
      <div className="ft-grid ft-templategrid">
        <div className="ft-stack ft-c7">
          <Texts spec={spec} onChange={setSpec} language={language} onLanguage={setLanguage} field={field} onField={setField} doubts={doubts} jump={jump} />
          <Details spec={spec} fixed={begun.key !== undefined} keyTold={key} onChange={setSpec} />
        </div>
        <div className="ft-stack ft-c5">
          <LookCard look={look} spec={spec} />
          <Doubts doubts={doubts} stale={look.stale} pending={look.query.isPending} onJump={toDoubt} />
        </div>
      </div>
    </Page>
  );
}

const NONE: readonly Doubt[] = [];

function useSaving(begun: Begun, key: string, title: string, spec: Spec) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const say = useToast();
  return useMutation({
    // The revision that was opened, so that nobody's change of the meantime is written over.
    mutationFn: () => put<Schemas["SavedDocument"]>(`templates/${encodeURIComponent(key)}`, { spec: tidied(spec) }, { revision: begun.revision }),
    onSuccess: async (saved) => {
      await client.invalidateQueries();
      say(`“${title.trim()}” is saved.`);
      void navigate({ to: "/templates/$key", params: { key: saved.key } });
    },
  });
}

/** A document without empty words. */
const tidied = (spec: Spec): Spec => Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== "" && value !== null));

interface TextsProps {
  spec: Spec; onChange: (spec: Spec) => void; language: string; onLanguage: (language: string) => void;
  field: Field | undefined; onField: (field: Field) => void; doubts: readonly Doubt[]; jump?: { line: number; turn: number };
}

const ABOUT: Partial<Record<Field, string>> = {
  html: "Liquid and HTML; it stands in a layout for phones, light and dark, with the footer.", mjml: "Liquid and MJML: sections, or a whole <mjml>.",
  text: "Left empty: read from the mail. Links, lists and buttons come along.", sms: "160 characters a part, 70 with signs that not every phone has.",
};

function Texts({ spec, onChange, language, onLanguage, field, onField, doubts, jump }: TextsProps) {
  const markup = markupOf(spec);
  const fields: Field[] = [markup, "text", "sms", "alert"];
  const chosen = field && fields.includes(field) ? field : fields.find((one) => textOf(spec, language, one)) ?? markup;
  const here = doubts.filter((one) => placeOf(one)?.language === language);
  const marked = new Map(here.filter((one) => placeOf(one)?.field === chosen).map((one) => [one.line ?? 1, one.severity]));
  const wrongOf = (name: Field) => here.find((one) => placeOf(one)?.field === name && one.severity === "error")?.what;
  const change = (name: Field) => (text: string) => onChange(withText(spec, language, name, text));
  const isOwn = language === OWN;
  return (
    <Card title="What it says" side={<Languages spec={spec} onChange={onChange} chosen={language} onChoose={onLanguage} />}>
      <div className="ft-body ft-form">
        <TextInput label="Subject" value={textOf(spec, language, "subject")} placeholder={isOwn ? undefined : textOf(spec, OWN, "subject")} error={wrongOf("subject")} onChange={(event) => change("subject")(event.currentTarget.value)} />
        <TextInput label="Preview line" description="What inboxes show behind the subject" value={textOf(spec, language, "preheader")} placeholder={isOwn ? undefined : textOf(spec, OWN, "preheader")} error={wrongOf("preheader")} onChange={(event) => change("preheader")(event.currentTarget.value)} />
      </div>
      <Tabs inset label="Text" tabs={fields.map((name) => [name, TITLES[name]] as const)} chosen={chosen} onChoose={onField} />
      <div className="ft-body" style={{ paddingTop: 12 }}>
        <Code key={`${language} ${chosen}`} label={TITLES[chosen]} description={ABOUT[chosen]} value={textOf(spec, language, chosen)} onChange={change(chosen)} wrong={marked} jump={jump} />
        {!isOwn && !textOf(spec, language, chosen) && textOf(spec, OWN, chosen) && (
          <button type="button" className="ft-link" onClick={() => change(chosen)(textOf(spec, OWN, chosen))}>Start from the usual text</button>
        )}
        {isOwn && (chosen === "html" || chosen === "mjml") && textOf(spec, OWN, chosen) === "" && (
          <button type="button" className="ft-link" onClick={() => onChange(withText(withText(spec, OWN, "html", chosen === "html" ? "" : "<p></p>\n"), OWN, "mjml", chosen === "html" ? "<mj-section>\n  <mj-column>\n    <mj-text></mj-text>\n  </mj-column>\n</mj-section>\n" : ""))}>
            {chosen === "html" ? "Write it in MJML instead" : "Write it in HTML instead"}
          </button>
        )}
      </div>
    </Card>
  );
}

function Languages({ spec, onChange, chosen, onChoose }: { spec: Spec; onChange: (spec: Spec) => void; chosen: string; onChoose: (language: string) => void }) {
  const [adding, setAdding] = useState("");
  const there = languagesOf(spec);
  const name = (language: string) => language || (spec.language ? `${String(spec.language)}, usual` : "Usual language");
  const add = () => {
    const tag = adding.trim().replace("_", "-");
    if (!tag || there.includes(tag)) return;
    onChange(withLanguage(spec, tag));
    onChoose(tag);
    setAdding("");
  };
  return (
    <div className="ft-languages">
      {there.length > 1 && <Select aria-label="Language of the texts" size="xs" allowDeselect={false} data={there.map((language) => ({ value: language, label: name(language) }))} value={chosen} onChange={(language) => onChoose(language ?? OWN)} />}
      {chosen !== OWN && <Button size="xs" variant="default" onClick={() => { onChange(withoutLanguage(spec, chosen)); onChoose(OWN); }}>Take {chosen} away</Button>}
      <TextInput aria-label="Another language" size="xs" placeholder="de, fr-CH" value={adding} onChange={(event) => setAdding(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") add(); }} style={{ width: 84 }} />
      <Button size="xs" variant="default" aria-label="Add the language" leftSection={<IconPlus size={14} stroke={1.7} />} disabled={!adding.trim()} onClick={add}>Add</Button>
    </div>
  );
}

function Details({ spec, fixed, keyTold, onChange }: { spec: Spec; fixed: boolean; keyTold: string; onChange: (spec: Spec) => void }) {
  const change = (name: string) => (value: string) => onChange({ ...spec, [name]: value });
  return (
    <Card title="What is it?">
      <div className="ft-body ft-form">
        <TextInput label="Name" required maxLength={200} value={String(spec.title ?? "")} onChange={(event) => change("title")(event.currentTarget.value)} description={keyTold ? `Key: ${keyTold}${fixed ? "" : ", for good"}` : undefined} />
        <Textarea label="What it is for" autosize minRows={2} maxLength={2000} value={String(spec.description ?? "")} onChange={(event) => change("description")(event.currentTarget.value)} />
        <TextInput label="Language of the usual texts" description="People whose language is not there read them" placeholder="en" value={String(spec.language ?? "")} onChange={(event) => change("language")(event.currentTarget.value)} />
        <TextInput label="Topic" description="What clicks are about, where the sender and the link do not say" value={String(spec.topic ?? "")} onChange={(event) => change("topic")(event.currentTarget.value)} />
      </div>
    </Card>
  );
}
