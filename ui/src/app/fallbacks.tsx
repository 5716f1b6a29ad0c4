import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Page } from "@/components/page";
import { Empty, Failed } from "@/components/states";

export function NotFound() {
  return (
    <Page title="Nothing at this address">
      <div className="ft-card">
        <Empty icon={IconMapOff} title="This page does not exist" action={<Button component={Link} to="/">Go to the overview</Button>}>
          The address may be mistyped, or the thing was renamed.
        </Empty>
      </div>
    </Page>
  );
}

export function AppFailed({ error, reset }: { error: unknown; reset: () => void }) {
  return <div className="ft-page"><Failed error={error} retry={reset} /></div>;
}
