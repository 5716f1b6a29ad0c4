import { Button, Select } from "@mantine/core";
import { IconClipboardList, IconWand } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { queries } from "@/api/queries";
import type { Schemas } from "@/api/types";
import { useAddress } from "@/components/address";
import { Page, Strip } from "@/components/page";
import { PERIODS, sinceOf } from "@/components/period";
import { Empty, Loaded } from "@/components/states";
import { Tabs } from "@/deliver/tabs";
import { useFormats } from "@/formats/context";
import "./collect.css";
import { Draft } from "./draft";
import { PlanCard } from "./plan";
import { Violations } from "./violations";

const EVER = "ever";
const DAYS = "28";
type Tab = "plan" | "violations" | "draft";

export function TrackingPage() {
  const formats = useFormats();
  const [address, setAddress] = useAddress();
  const days = address.since ?? DAYS;
  const from = sinceOf(days, formats.setting.now);
  const plans = useQuery(queries.plans({ from }));
  const violations = useQuery(queries.violations({ from }));
  const tab: Tab = address.tab === "violations" || address.tab === "draft" ? address.tab : "plan";
  const open = (next: Tab) => setAddress({ tab: next === "plan" ? undefined : next, breach: undefined });
  const rules = violations.data?.breaches.length;
  const tabs = [["plan", "Plan"], ["violations", rules ? `Violations (${formats.count(rules)})` : "Violations"], ["draft", "Draft from the data"]] as const;
  return (
    <Page
      title="Tracking plan" purpose="What every event must carry, who answers for it, and what arrives otherwise."
      actions={tab !== "draft" && <Button leftSection={<IconWand size={16} stroke={1.7} aria-hidden />} onClick={() => open("draft")}>Draft a plan</Button>}
    >
      {plans.data && violations.data && plans.data.plans.length > 0 && <Facts plans={plans.data.plans} told={violations.data} />}
      <div className="ft-filters">
        <Select className="ft-field" aria-label="Arrived" allowDeselect={false} w={150} data={[...PERIODS.map(([value, label]) => ({ value, label })), { value: EVER, label: "Any time" }]} value={days} onChange={(value) => setAddress({ since: value === DAYS ? undefined : (value ?? undefined), breach: undefined })} />
      </div>
      <Tabs label="Tracking plan" tabs={tabs} chosen={tab} onChoose={open} />
      {tab === "plan" && <Loaded query={plans} rows={10}>{(body) => <Plans body={body} onDraft={() => open("draft")} />}</Loaded>}
      {tab === "violations" && <Loaded query={violations} rows={10}>{(body) => <Violations told={body} address={address} onChange={setAddress} />}</Loaded>}
      {tab === "draft" && <Draft from={from} />}
    </Page>
  );
}

function Facts({ plans, told }: { plans: Schemas["PlanBody"][]; told: Schemas["Violations"] }) {
  const formats = useFormats();
  const events = plans.flatMap((plan) => plan.events).filter((one) => one.event !== "");
  const fields = plans.flatMap((plan) => plan.events).flatMap((one) => one.fields);
  const nobody = fields.filter((one) => !one.owner).length;
  return (
    <Strip
      facts={[
        { label: "Events in the plan", value: formats.count(events.length), note: formats.plural(plans.length, "plan", "plans") },
        { label: "Fields", value: formats.count(fields.length), note: `${formats.count(fields.filter((one) => one.pii && one.pii !== "none").length)} with personal data` },
        { label: "Without an owner", value: formats.count(nobody), note: nobody ? "name a team or person for each" : "every field has one", tone: nobody ? "warn" : undefined },
        { label: "Events that arrived", value: formats.count(told.events), note: "in the time chosen" },
        { label: "With a violation", value: told.events ? formats.share(told.violating / told.events, told.events) : "–", note: `${formats.count(told.violating)} of ${formats.count(told.events)} events`, tone: told.violating ? "warn" : undefined },
      ]}
    />
  );
}

function Plans({ body, onDraft }: { body: Schemas["Plans"]; onDraft: () => void }) {
  return (
    <>
      {body.broken.length > 0 && <p className="ft-note" data-tone="warn" role="alert">Not in force because of errors: {body.broken.join(", ")}. Run foretell plan to see what is wrong with them.</p>}
      {body.plans.length === 0 && (
        <div className="ft-card">
          <Empty icon={IconClipboardList} title="No tracking plan yet" action={<button type="button" className="ft-link" onClick={onDraft}>Draft one from what arrived</button>}>
            A plan names the events, their fields, and who answers for each. What breaches it is reported, put aside or dropped.
          </Empty>
        </div>
      )}
      {body.plans.map((plan) => <PlanCard key={plan.key} plan={plan} />)}
    </>
  );
}
