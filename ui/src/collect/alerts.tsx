import { IconAlertTriangle, IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "@/api/types";
import { Card } from "@/components/page";
import { useFormats } from "@/formats/context";
import { monitorTitle } from "./codes";

/** What was broken, since when, and what to do; closed ones keep their time. */
export function Alerts({ alerts, title, of }: { alerts: Schemas["AlertBody"][]; title: string; of?: string }) {
  const formats = useFormats();
  if (alerts.length === 0) return null;
  return (
    <Card title={title} side={formats.plural(alerts.length, "alert", "alerts")} line>
      <div className="ft-rows">
        {alerts.map((one) => {
          const Sign = one.closed_at ? IconCheck : IconAlertTriangle;
          return (
            <div key={one.id} className="ft-task">
              <span className="ft-well" data-tone={one.closed_at ? "good" : "bad"}><Sign size={16} stroke={1.7} aria-hidden /></span>
              <div>
                <b>{of === one.source ? monitorTitle(one.monitor) : <Link to="/sources/$key" params={{ key: one.source }}>{`${one.source}: ${monitorTitle(one.monitor).toLowerCase()}`}</Link>}</b>
                <span>{one.sentence} {one.closed_at ? `Since ${formats.instant(one.opened_at)}, well again ${formats.instant(one.closed_at)}.` : `Since ${formats.instant(one.opened_at)}. ${one.next_step}`}</span>
              </div>
            </div>
          );
        })}
      </div>
    </Card>
  );
}
