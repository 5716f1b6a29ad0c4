import { Button, SegmentedControl, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { post } from "@/api/client";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Card } from "@/components/page";
import { Failed } from "@/components/states";
import { useFormats } from "@/formats/context";
import { languageName } from "./score-words";
import type { Spec } from "./survey-spec";

const DEBOUNCE_MS = 350;
const WIDTHS = [{ value: "phone", label: "Phone" }, { value: "desk", label: "Desk" }];
const SCHEMES = [{ value: "light", label: "Light" }, { value: "dark", label: "Dark" }];

/** What the server says of a draft: everything that is wrong, when questions are asked, and its page. */
export function useSurveyLook(key: string, spec: Spec) {
  const [settled] = useDebouncedValue(spec, DEBOUNCE_MS);
  const body = { key: key || "draft", spec: settled };
  const query = useQuery({ queryKey: ["surveys/look", body], queryFn: ({ signal }) => post<Schemas["SurveyLook"]>("surveys/look", body, signal), placeholderData: keepPreviousData, retry: false });
  return { query, stale: settled !== spec || query.isFetching };
}

/** The pages as people would see them, made by the same code; nothing of them can be sent and no script runs. */
export function SurveyPreview({ look, title }: { look: ReturnType<typeof useSurveyLook>; title: string }) {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const { query, stale } = look;
  const width = address.wide === "desk" ? "desk" : "phone";
  const scheme = address.scheme === "dark" ? "dark" : "light";
  const languages = query.data?.languages ?? [];
  const language = languages.find((one) => one === address.in) ?? languages[0] ?? "";
  const screens = query.data?.screens ?? [];
  const screen = Math.max(1, Math.min(screens.length + 1, Number(address.screen ?? 1) || 1));
  const go = (to: number) => setAddress({ screen: to === 1 ? undefined : String(to) }, true);
  const url = query.data?.html_url;
  return (
    <Card title="As people see it" side="nothing is sent">
      <div className="ft-body ft-lookform">
        <SegmentedControl size="xs" aria-label="Width" data={WIDTHS} value={width} onChange={(next) => setAddress({ wide: next === "phone" ? undefined : next }, true)} />
        <SegmentedControl size="xs" aria-label="Light or dark" data={SCHEMES} value={scheme} onChange={(next) => setAddress({ scheme: next === "light" ? undefined : next }, true)} />
        {languages.length > 1 && <Select aria-label="Language of the preview" size="xs" allowDeselect={false} data={languages.map((value) => ({ value, label: languageName(value, formats.setting.locale) }))} value={language} onChange={(next) => setAddress({ in: next ?? undefined }, true)} />}
      </div>
      {query.isError && <div className="ft-body"><Failed error={query.error} retry={() => void query.refetch()} /></div>}
      {url ? (
        <>
          <div className="ft-stage" data-scheme={scheme} data-stale={stale}><iframe className="ft-surveyframe" data-wide={width} title={`Preview of ${title || "the survey"}`} src={`${url}?${new URLSearchParams({ screen: String(screen), ...(language ? { language } : {}) })}`} sandbox="" /></div>
          <div className="ft-foot">
            <span aria-live="polite">{screen > screens.length ? "The end" : `Page ${formats.count(screen)} of ${formats.count(screens.length + 1)}: ${screens[screen - 1]?.replaceAll("_", " ") ?? ""}`}</span>
            <div className="ft-actions">
              <Button size="xs" variant="default" disabled={screen <= 1} onClick={() => go(screen - 1)}>Back</Button>
              <Button size="xs" variant="default" disabled={screen > screens.length} onClick={() => go(screen + 1)}>Next</Button>
            </div>
          </div>
        </>
      ) : !query.isError && <p className="ft-body ft-muted">{query.isPending ? "Making the page" : "The page is shown once nothing is wrong."}</p>}
    </Card>
  );
}
