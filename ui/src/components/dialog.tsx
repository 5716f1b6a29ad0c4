import { Modal } from "@mantine/core";
import { useEffect, type ReactNode } from "react";

/** A window over the page. Esc closes it; the focus returns to where it was, also where the caller takes it away whole. */
export function Dialog({ opened = true, title, size = 460, onClose, children }: { opened?: boolean; title: string; size?: number; onClose: () => void; children: ReactNode }) {
  useEffect(() => {
    if (!opened) return;
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, [opened]);
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} returnFocus={false} styles={{ title: { fontWeight: 650, fontSize: "0.9375rem", overflowWrap: "anywhere" } }} closeButtonProps={{ "aria-label": "Close" }}>
      {children}
    </Modal>
  );
}
