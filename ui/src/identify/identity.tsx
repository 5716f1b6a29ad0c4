import { useAddress } from "@/components/address";
import { Page } from "@/components/page";
import { Tabs } from "@/deliver/tabs";
import { Biggest } from "./biggest";
import { Denied } from "./denied";
import { Merges } from "./merges";
import { Review } from "./review";
import { Rules } from "./rules";

const TABS = [["review", "To review"], ["merges", "Merges"], ["biggest", "Biggest"], ["denied", "Denied"], ["rules", "Rules"]] as const;
type Tab = (typeof TABS)[number][0];

/** Who is one person, on what evidence, and the way back. */
export function IdentityPage() {
  const [address, setAddress] = useAddress();
  const tab: Tab = TABS.find(([key]) => key === address.tab)?.[0] ?? "review";
  return (
    <Page title="Identity" purpose="Which identifiers are one person, on what evidence, and the way back.">
      <Tabs label="Identity" tabs={TABS} chosen={tab} onChoose={(next) => setAddress({ tab: next === "review" ? undefined : next, page: undefined, merge: undefined, pair: undefined, reason: undefined, force: undefined })} />
      {tab === "review" && <Review address={address} onChange={setAddress} />}
      {tab === "merges" && <Merges address={address} onChange={setAddress} />}
      {tab === "biggest" && <Biggest />}
      {tab === "rules" && <Rules />}
      {tab === "denied" && <Denied address={address} onChange={setAddress} />}
    </Page>
  );
}
