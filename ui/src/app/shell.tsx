import { Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconCheck, IconDeviceDesktop, IconDots, IconKeyboard, IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconMoon, IconSearch, IconSun, IconUser,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { queries } from "@/api/queries";
import type { Workspace } from "@/api/types";
import { FormatsContext, useFormats } from "@/formats/context";
import { formatsFor } from "@/formats/formats";
import { Palette } from "./palette";
import { GROUPS, isIn, SECTIONS } from "./sections";
import { ShortcutList } from "./shortcut-list";
import { useShortcuts } from "./shortcuts";

/** Navigation, top bar and the page; formats come from the workspace. */
export function Shell() {
  const workspace = useQuery(queries.workspace()).data;
  const [folded, setFolded] = useState(() => localStorage.getItem("ft-folded") === "true");
  const [finding, setFinding] = useState(false);
  const [helping, setHelping] = useState(false);
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const formats = useMemo(() => formatsFor(settingOf(workspace)), [workspace]);
  useShortcuts({ onFind: () => setFinding(true), onHelp: () => setHelping(true) });
  useEffect(() => {
    main.current?.scrollTo({ top: 0 });
  }, [path]);
  const fold = () => {
    localStorage.setItem("ft-folded", String(!folded));
    setFolded(!folded);
  };
  return (
    <FormatsContext.Provider value={formats}>
      <a className="ft-skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <div className="ft-shell" data-folded={folded}>
        <Navigation workspace={workspace} path={path} folded={folded} onFold={fold} />
        <header className="ft-top">
          <Link to="/" className="ft-phonebrand" aria-label="Overview"><img src="/icon.svg" alt="" /></Link>
          <button type="button" className="ft-find" onClick={() => setFinding(true)}>
            <IconSearch size={16} stroke={1.7} className="ft-icon" aria-hidden /><span>Search people, segments, journeys</span><kbd>Ctrl K</kbd>
          </button>
          <span className="ft-spread" style={{ flex: 1 }} />
          <Clock workspace={workspace} />
          <Account onHelp={() => setHelping(true)} />
        </header>
        <main className="ft-main" id="main" ref={main} tabIndex={-1}><Outlet /></main>
        <BottomBar path={path} />
      </div>
      <Palette opened={finding} onClose={() => setFinding(false)} />
      <ShortcutList opened={helping} onClose={() => setHelping(false)} />
    </FormatsContext.Provider>
  );
}

function settingOf(workspace: Workspace | undefined) {
  return workspace ?? { locale: "en-GB", currency: "EUR", zone: "UTC", now: new Date().toISOString() };
}

function Navigation({ workspace, path, folded, onFold }: { workspace?: Workspace; path: string; folded: boolean; onFold: () => void }) {
  const formats = useFormats();
  const Fold = folded ? IconLayoutSidebarLeftExpand : IconLayoutSidebarLeftCollapse;
  return (
    <nav className="ft-nav" aria-label="Main">
      <Link to="/" className="ft-brand">
        <img src="/icon.svg" alt="" /><div><b>Foretell</b><span className="ft-clip">{workspace?.name ?? ""}</span></div>
      </Link>
      {GROUPS.map((group) => (
        <div key={group.title ?? "top"}>
          {group.title && <div className="ft-group">{group.title}</div>}
          {group.sections.map((section) => {
            const active = isIn(section, path);
            const entry = (
              <Link to={section.to} className="ft-entry" data-status={active ? "active" : undefined} aria-current={active ? "page" : undefined} aria-label={folded ? section.title : undefined} activeProps={{}}>
                <section.icon size={17} stroke={1.7} className="ft-icon" aria-hidden /><span>{section.title}</span>
                {section.count && workspace && <span className="ft-count">{formats.countShort(workspace.counts[section.count])}</span>}
              </Link>
            );
            return (
              <div key={section.to}>
                {folded ? <Tooltip label={section.title} position="right">{entry}</Tooltip> : entry}
                {active && section.pages && (
                  <div className="ft-sub">{section.pages.map((page) => <Link key={page.to} to={page.to} data-status={path.startsWith(page.to) ? "active" : undefined}>{page.title}</Link>)}</div>
                )}
              </div>
            );
          })}
        </div>
      ))}
      <div className="ft-fold"><button type="button" className="ft-iconbutton" aria-label={folded ? "Unfold the navigation" : "Fold the navigation"} onClick={onFold}><Fold size={17} stroke={1.7} aria-hidden /></button></div>
    </nav>
  );
}

function Clock({ workspace }: { workspace?: Workspace }) {
  const formats = useFormats();
  if (!workspace) return null;
  return (
    <Tooltip label={`Time of the workspace, ${workspace.zone}`}>
      <div className="ft-clock">
        <span className="ft-dot" data-tone={workspace.demo ? "warn" : undefined} />
        <b className="ft-wide" style={{ fontWeight: 600 }}>{workspace.demo ? "Demo clock" : "Now"}</b>
        {workspace.demo && <span className="ft-sr">The demo clock was moved: </span>}
        <span className="ft-muted">{formats.instant(workspace.now)}</span>
      </div>
    </Tooltip>
  );
}

const SCHEMES = [
  { key: "auto", title: "As the system", icon: IconDeviceDesktop },
  { key: "light", title: "Light", icon: IconSun },
  { key: "dark", title: "Dark", icon: IconMoon },
] as const;

function Account({ onHelp }: { onHelp: () => void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <div className="ft-menu">
      <Menu position="bottom-end" width={210} shadow="none" transitionProps={{ duration: 120 }}>
        <Menu.Target><button type="button" className="ft-account" aria-label="Account and appearance"><IconUser size={17} stroke={1.7} aria-hidden /></button></Menu.Target>
        <Menu.Dropdown style={{ boxShadow: "var(--ft-shadow-menu)", background: "var(--ft-surface)", borderColor: "var(--ft-border)" }}>
          <Menu.Label>Appearance</Menu.Label>
          {SCHEMES.map((scheme) => (
            <Menu.Item key={scheme.key} leftSection={<scheme.icon size={16} stroke={1.7} />} rightSection={colorScheme === scheme.key ? <IconCheck size={15} aria-label="chosen" /> : null} onClick={() => setColorScheme(scheme.key)}>{scheme.title}</Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconKeyboard size={16} stroke={1.7} />} rightSection={<kbd>?</kbd>} onClick={onHelp}>Shortcuts</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}

const ON_PHONE = ["/", "/people", "/cases", "/journeys"];

function BottomBar({ path }: { path: string }) {
  const navigate = useNavigate();
  const front = ON_PHONE.map((to) => SECTIONS.find((section) => section.to === to)).filter((section) => section !== undefined);
  const rest = SECTIONS.filter((section) => !ON_PHONE.includes(section.to));
  const pages = SECTIONS.flatMap((section) => section.pages ?? [{ to: section.to, title: section.title }]).filter((page) => !ON_PHONE.includes(page.to));
  return (
    <nav className="ft-bottom" aria-label="Sections">
      {front.map((section) => (
        <Link key={section.to} to={section.to} data-status={isIn(section, path) ? "active" : undefined} aria-current={isIn(section, path) ? "page" : undefined} activeProps={{}}>
          <section.icon size={20} stroke={1.7} aria-hidden />{section.title}
        </Link>
      ))}
      <Menu position="top-end" width={200}>
        <Menu.Target><button type="button" data-status={rest.some((section) => isIn(section, path)) ? "active" : undefined}><IconDots size={20} stroke={1.7} aria-hidden />More</button></Menu.Target>
        <Menu.Dropdown>
          {pages.map((page) => (
            <Menu.Item key={page.to} style={{ minHeight: 40 }} onClick={() => void navigate({ to: page.to })}>{page.title === "Ledger" ? "Message ledger" : page.title}</Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
