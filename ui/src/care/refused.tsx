import { Failed } from "@/components/states";
import { isOvertaken } from "./use-change";

export function Refused({ error }: { error: unknown }) {
  if (!isOvertaken(error)) return <Failed error={error} />;
  return <p className="ft-note" data-tone="warn" role="alert">Somebody else changed this case meanwhile. It is shown as it stands now, and what you typed is kept. Look at its history, then save again.</p>;
}
