// How a feature folder adds its pages: `features/<name>/route.tsx` exports definePages({…}) by default. No other file changes.
import type { Icon } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import type { Action } from './auth/roles';

export type NavGroup = 'Overview' | 'Catalogue' | 'Customers' | 'Watch' | 'Installation';
export const kNavGroups: NavGroup[] = ['Overview', 'Catalogue', 'Customers', 'Watch', 'Installation'];

export interface PageRoute {
  /** `/platforms`, or with parameters `/platforms/$id`. */
  path: string;
  title: string;
  /** `() => import('./platforms-page')`; its default export is the page. */
  load: () => Promise<{ default: ComponentType }>;
  /** Its place in the navigation, if it has one. */
  nav?: {
    group: NavGroup;
    order: number;
    icon: Icon;
    /** `g` and this letter go to the page. */
    letter?: string;
  };
  /** What the reader needs; without it the page says why it stays closed. */
  permission?: Action;
  /** More words by which the command palette finds the page. */
  keywords?: string[];
}

/** An entry of the command palette that leads to an address, such as `/platforms?new`. */
export interface PaletteEntry {
  label: string;
  description?: string;
  icon?: Icon;
  to: string;
  permission?: Action;
  keywords?: string[];
}

/** Stands around the start page: shows it (`children`), with something above it, or something else for a while. */
export type Start = ComponentType<{ children: ReactNode }>;

export interface Pages {
  pages: PageRoute[];
  palette?: PaletteEntry[];
  start?: () => Promise<{ default: Start }>;
}

export const definePages = (pages: Pages): Pages => pages;
