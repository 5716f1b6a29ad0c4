import { Button } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { Dialog } from "@/components/dialog";

/** Asks before a page with changes that are not saved is left: within the app, and by closing the window. */
export function LeaveDialog({ changed, isLeaving, what }: { changed: boolean; isLeaving: () => boolean; what: string }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => changed && !isLeaving() && current.pathname !== next.pathname,
    enableBeforeUnload: () => changed && !isLeaving(),
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog title={`Leave without saving ${what}?`} onClose={blocker.reset}>
      <p className="ft-muted" style={{ margin: "0 0 16px" }}>Your changes are kept nowhere else.</p>
      <div className="ft-actions" style={{ justifyContent: "flex-end" }}>
        <Button variant="default" onClick={blocker.proceed}>Leave and drop the changes</Button>
        <Button onClick={blocker.reset} data-autofocus>Stay here</Button>
      </div>
    </Dialog>
  );
}
