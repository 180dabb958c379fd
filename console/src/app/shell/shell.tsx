import { Burger, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { Link, Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useEnvironment } from '../../shared/console';
import { environmentVariable } from '../../shared/environment-color';
import { useShortcut } from '../../shared/shortcuts';
import icon from '../icon.svg';
import { ConnectionIndicator, OfflineBanner } from './connection-indicator';
import { Inbox, StatusBanner } from './messages';
import { EnvironmentSwitcher } from './environment-switcher';
import { Nav, NavShortcuts } from './nav';
import { openPalette, Palette } from './palette';
import classes from './shell.module.css';
import { modKey, ShortcutList } from './shortcut-list';
import { UserMenu } from './user-menu';

/** The frame around every page. */
export function Shell() {
  const environment = useEnvironment();
  const [menu, { toggle, close }] = useDisclosure();
  const [shortcuts, list] = useDisclosure();
  useShortcut('?', 'Show these shortcuts', list.open, 'Everywhere');
  useEffect(() => {
    document.documentElement.style.setProperty('--tc-environment', environmentVariable(environment));
  }, [environment]);
  return (
    <div className={classes['frame']}>
      <a className={classes['skip']} href="#content">Skip to the content</a>
      <header className={classes['header']}>
        <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" />
        <Link to="/" className={classes['brand']} aria-label="Togglecast"><img src={icon} alt="" /><span>Togglecast</span></Link>
        <EnvironmentSwitcher />
        <div className={classes['spring']} />
        <button type="button" className={classes['search']} onClick={openPalette} aria-label="Search"><IconSearch size={16} aria-hidden /><span>Search</span><kbd>{modKey} K</kbd></button>
        <ConnectionIndicator />
        <UserMenu onShortcuts={list.open} />
      </header>
      <aside className={classes['side']}><Nav /></aside>
      <main className={classes['content']} id="content" tabIndex={-1}>
        <div className={classes['inner']}><OfflineBanner /><StatusBanner /><Outlet /></div>
      </main>
      <Drawer opened={menu} onClose={close} size={260} title="Togglecast" hiddenFrom="sm"><Nav onGo={close} /></Drawer>
      <Palette />
      <Inbox />
      <NavShortcuts />
      <ShortcutList opened={shortcuts} onClose={list.close} />
    </div>
  );
}
