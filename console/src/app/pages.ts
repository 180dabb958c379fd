// All pages, gathered from the feature folders.
import type { PageRoute, PaletteEntry, Pages } from '../shared/registry';

const modules = import.meta.glob<{ default: Pages }>('../features/*/route.tsx', { eager: true });

export const pages: PageRoute[] = Object.values(modules).flatMap((module) => module.default.pages);
export const paletteEntries: PaletteEntry[] = Object.values(modules).flatMap((module) => module.default.palette ?? []);
export const starts = Object.values(modules).flatMap((module) => module.default.start ?? []);
export const navigation = pages
  .filter((page): page is PageRoute & { nav: NonNullable<PageRoute['nav']> } => page.nav !== undefined)
  .sort((a, b) => a.nav.order - b.nav.order);
