import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card, Pairs } from "@/components/page";
import { PersonLink } from "@/components/person-link";
import { Failed } from "@/components/states";
import { useToast } from "@/components/toast";
import { useFormats } from "@/formats/context";
import { Tabs } from "./tabs";
import { languagesOf, OWN, type Spec } from "./template-text";

export type Look = Schemas["TemplateShown"];
type Medium = Look["medium"];

const DEBOUNCE_MS = 350;
const MEDIA = [["email", "Mail"], ["plain", "Plain text"], ["sms", "Text message"], ["push", "Push"]] as const;
type Part = (typeof MEDIA)[number][0];
const MEDIUM: Record<Part, Medium> = { email: "email", plain: "email", sms: "sms", push: "push" };

/** Whom and how to show, kept in the address so that a look can be sent to somebody. */
export function useLook(key: string, spec: Spec) {
  const [address] = useAddress();
  const [settled] = useDebouncedValue(spec, DEBOUNCE_MS);
  const [person] = useDebouncedValue(address.for ?? "", DEBOUNCE_MS);
  const parts = partsOf(spec);
  const part = parts.find((one) => one === address.as) ?? parts[0] ?? "email";
  const body = { key, spec: settled, person: person.trim() || null, turn: Number(address.turn ?? 0) || 0, channel: MEDIUM[part], language: address.in ?? null };
  const query = useQuery({
    queryKey: ["templates/look", body], queryFn: ({ signal }) => post<Look>("templates/look", body, signal), placeholderData: keepPreviousData, retry: false,
  });
  return { query, body, part, parts, stale: settled !== spec || query.isFetching };
}

const said = (spec: Spec, ...fields: string[]) => [spec, ...Object.values((spec.languages ?? {}) as Record<string, Spec>)].some((texts) => fields.some((field) => Boolean(texts[field])));

/** What it has a text for; only that can be looked at. */
export const partsOf = (spec: Spec): Part[] => [
  ...(said(spec, "html", "mjml") ? (["email"] as const) : []), ...(said(spec, "html", "mjml", "text") ? (["plain"] as const) : []),
  ...(said(spec, "sms") ? (["sms"] as const) : []), ...(said(spec, "alert") ? (["push"] as const) : []),
];

/** The message as a real person would read it. Nothing is sent, nothing is kept. */
export function LookCard({ look, spec }: { look: ReturnType<typeof useLook>; spec: Spec }) {
  const [address, setAddress] = useAddress();
  const { query, part, parts, stale } = look;
  const told = query.data;
  const languages = languagesOf(spec).map((language) => language || String(spec.language ?? "")).filter(Boolean);
  return (
    <Card title="As a person reads it" side={<span className="ft-faint ft-small">Nothing is sent</span>}>
      <div className="ft-body ft-lookform">
        <TextInput label="For" placeholder={told?.name ?? "e-mail, user id or profile id"} value={address.for ?? ""} onChange={(event) => setAddress({ for: event.currentTarget.value || undefined }, true)} />
        <Button variant="default" onClick={() => setAddress({ for: undefined, turn: String((Number(address.turn ?? 0) || 0) + 1) }, true)}>Somebody else</Button>
        {languages.length > 1 && <Select label="Language" clearable placeholder="the person’s" data={languages} value={address.in ?? null} onChange={(language) => setAddress({ in: language ?? undefined }, true)} />}
      </div>
      {parts.length > 1 && <Tabs inset label="Part of the message" tabs={MEDIA.filter(([key]) => parts.includes(key))} chosen={part} onChoose={(next) => setAddress({ as: next === parts[0] ? undefined : next }, true)} />}
      {query.isError && !isRefused(query.error) && <div className="ft-body"><Failed error={query.error} retry={() => void query.refetch()} /></div>}
      {isRefused(query.error) && <p className="ft-body ft-muted">Something is wrong with the text; below it says what.</p>}
      {told && !query.isError && <div data-stale={stale}><Shown told={told} part={part} /></div>}
      {!told && query.isPending && <p className="ft-body ft-muted">Reading what is known of somebody</p>}
      <Trial look={look} />
    </Card>
  );
}

export const isRefused = (error: unknown): error is ApiError => error instanceof ApiError && error.problems.length > 0;

function Shown({ told, part }: { told: Look; part: Part }) {
  const [wide, setWide] = useState("desktop");
  const [scheme, setScheme] = useState("light");
  if (told.error) return <p className="ft-body ft-note" data-tone="bad" role="alert">This person would get nothing: {told.error}.</p>;
  return (
    <>
      {part === "email" && (
        <div className="ft-body ft-lookform">
          <SegmentedControl size="xs" aria-label="Width" value={wide} onChange={setWide} data={[{ value: "desktop", label: "Desktop" }, { value: "phone", label: "Phone" }]} />
          <SegmentedControl size="xs" aria-label="Light or dark" value={scheme} onChange={setScheme} data={[{ value: "light", label: "Light" }, { value: "dark", label: "Dark" }]} />
        </div>
      )}
      {told.medium !== "sms" && <p className="ft-body ft-subject"><b>{told.subject || "No subject"}</b></p>}
      {part === "email" && told.html_url && <div className="ft-stage" data-scheme={scheme}><iframe className="ft-lookmail" data-wide={wide} title={`Mail: ${told.subject}`} src={`${told.html_url}?scheme=${scheme}`} sandbox="allow-popups allow-popups-to-escape-sandbox" /></div>}
      {part !== "email" && <pre className={part === "sms" ? "ft-pre ft-bubble" : "ft-pre"} tabIndex={0} dir="auto">{told.text}</pre>}
      <Known told={told} />
    </>
  );
}

function Known({ told }: { told: Look }) {
  const formats = useFormats();
  const blocks = Object.entries(told.blocks);
  const topics = Object.entries(told.topics);
  const rows: [string, React.ReactNode][] = [
    ["Person", told.person ? <PersonLink key="who" id={told.person} name={told.name} /> : "nobody yet"],
    ["Goes to", told.to ? <bdi key="to">{told.to}</bdi> : "no address is known"],
    ["Language", `${told.language || OWN}${told.wanted && told.wanted !== told.language ? `, the person reads ${told.wanted}` : ""}`],
  ];
  if (told.weight_bytes > 0) rows.push(["Weight", `${formats.count(Math.ceil(told.weight_bytes / 1024))} KB of the 102 that Gmail shows`]);
  if (told.sms) rows.push(["Sent as", smsWords(told.sms, formats)]);
  if (told.sample.length > 0) rows.push(["Made up here", told.sample.join(", ")]);
  if (blocks.length > 0) rows.push(["Blocks", blocks.map(([key, seen]) => `${key}: ${seen ? "seen" : "not seen"}`).join(" · ")]);
  if (topics.length > 0) rows.push(["Topics", [...new Set(topics.map(([, topic]) => topic))].join(", ")]);
  return (
    <div className="ft-body">
      <Pairs left rows={rows} />
      {told.missing.length > 0 && (
        <p className="ft-note" data-tone="warn">
          Not known of this person: {told.missing.map((one) => `${one.name}${one.guarded ? " (other words stand in)" : " (a gap)"}`).join(", ")}.
        </p>
      )}
    </div>
  );
}

const smsWords = (sms: Schemas["SmsBody"], formats: ReturnType<typeof useFormats>) =>
  `${formats.count(sms.parts)} text ${sms.parts === 1 ? "message" : "messages"}, ${formats.count(sms.characters)} characters, ${sms.encoding === "gsm" ? "GSM" : `Unicode because of ${sms.odd.slice(0, 3).join(" ")}`}${sms.price === null ? "" : `, ${formats.money(sms.price)}`}`;

/** To an address of one's own, past the outbox. */
function Trial({ look }: { look: ReturnType<typeof useLook> }) {
  const say = useToast();
  const [to, setTo] = useState("");
  const sending = useMutation({
    mutationFn: () => post<Schemas["TrialSent"]>("templates/test", { ...look.body, to }),
    onSuccess: (sent) => { if (sent.outcome === "accepted") say(`A test is on its way to ${to}.`); },
  });
  const refused = sending.data && sending.data.outcome !== "accepted" ? sending.data.said || "The channel did not take it." : undefined;
  return (
    <div className="ft-body ft-lookform">
      <TextInput label="Send a test to" placeholder="you@example.com" value={to} onChange={(event) => setTo(event.currentTarget.value)} error={refused} />
      <Button variant="default" loading={sending.isPending} disabled={to.trim().length < 3 || look.query.isError} onClick={() => sending.mutate()}>Send a test</Button>
      {sending.isError && <Failed error={sending.error} />}
    </div>
  );
}
