import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { Tabs } from "@/deliver/tabs";
import { Erasures } from "./erasures";
import { LeftAlone } from "./left-alone";
import { NewRequest } from "./new-request";
import { Record } from "./record";
import { Requests } from "./requests";

const TABS = [["requests", "Requests"], ["erasures", "Erasures"], ["alone", "Left alone"], ["record", "Record"]] as const;
type Tab = (typeof TABS)[number][0];

/** What people ask of us and by when, what was erased, who is left alone, and what we do with data at all. */
export function PrivacyPage() {
  const [address, setAddress] = useAddress();
  const [asking, setAsking] = useState(false);
  const tab: Tab = TABS.find(([key]) => key === address.tab)?.[0] ?? "requests";
  return (
    <Page
      title="Privacy" purpose="What people ask of us and by when, what was erased, and whom we leave alone."
      actions={tab === "requests" && <Button leftSection={<IconPlus size={16} stroke={1.7} aria-hidden />} onClick={() => setAsking(true)}>Note a request</Button>}
    >
      <Tabs label="Privacy" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === "requests" ? undefined : next, request: undefined, state: undefined })} />
      {tab === "requests" && <Requests address={address} onChange={setAddress} />}
      {tab === "erasures" && <Erasures />}
      {tab === "alone" && <LeftAlone />}
      {tab === "record" && <Record />}
      {asking && <NewRequest onClose={() => setAsking(false)} onDone={(request) => { setAsking(false); setAddress({ tab: undefined, request }); }} />}
    </Page>
  );
}
