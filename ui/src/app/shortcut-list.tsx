import { Modal } from "@mantine/core";
import { Pairs } from "@/components/page";
import { SECTIONS } from "./sections";

export function ShortcutList({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Shortcuts" size={380} styles={{ title: { fontWeight: 650 } }} closeButtonProps={{ "aria-label": "Close" }}>
      <Pairs
        rows={[
          ["Search", <><kbd>Ctrl K</kbd> or <kbd>/</kbd></>],
          ["Close the top layer", <kbd key="esc">Esc</kbd>],
          ["This list", <kbd key="help">?</kbd>],
          ...SECTIONS.map((section): [string, React.ReactNode] => [`Go to ${section.title}`, <><kbd>g</kbd> <kbd>{section.letter}</kbd></>]),
        ]}
      />
    </Modal>
  );
}
