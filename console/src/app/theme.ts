// The look of the console. Its colours have at least the contrast 4.5:1, in light and dark. The variables are constructed at the
// start instead of written into a <style> element, which the Content-Security-Policy does not allow.
import {
  Badge, colorsTuple, convertCssVariables, createTheme, deepMerge, DEFAULT_THEME, defaultCssVariablesResolver, Drawer, Menu, mergeMantineTheme, Modal, Notification, Table, Tooltip,
  type ConvertCSSVariablesInput, type MantineTheme,
} from '@mantine/core';
import { adopt } from '../shared/styles/sheets';

const kTitle = { title: { fontWeight: 650, fontSize: 'var(--mantine-font-size-lg)', lineHeight: 1.3 } };

export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  luminanceThreshold: 0.179, // black and white text have the same contrast there
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", "Liberation Mono", monospace',
  headings: { fontWeight: '650' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // Red one shade darker than Mantine's own, so that white text on it has the contrast.
  colors: { red: colorsTuple(DEFAULT_THEME.colors.red.map((color, shade) => (shade === 8 ? '#d02a2a' : color))), dark: colorsTuple(['#d5d9e0', '#b6bcc7', '#969dab', '#6c7482', '#3c434f', '#313843', '#242a33', '#1a1f27', '#14181f', '#0e1116']) },
  components: {
    Modal: Modal.extend({ styles: kTitle, defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' }, overlayProps: { backgroundOpacity: 0.45 } } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } }, styles: { description: { color: 'var(--mantine-color-dimmed)' } } }),
    Drawer: Drawer.extend({ styles: kTitle, defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
    Table: Table.extend({ defaultProps: { highlightOnHoverColor: 'var(--tc-hover)' } }),
    // It opens at its first item, as the pattern of ARIA for menu buttons has it; an empty place for the focus would be no item.
    // Longer than the window, it scrolls inside: where it lay behind the edge, the page would scroll and move it away under the mouse.
    Menu: Menu.extend({ defaultProps: { shadow: 'md', withInitialFocusPlaceholder: false, menuItemTabIndex: 0 }, styles: { dropdown: { maxHeight: 'calc(100dvh - 80px)', overflowY: 'auto' } } }),
    // A badge says one or two words, and all of them. One that shows somebody's own text has `miw={0}`, and is shortened.
    Badge: Badge.extend({ defaultProps: { miw: 'max-content' } }),
  },
});

const kColors = ['gray', 'red', 'pink', 'grape', 'violet', 'indigo', 'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange'];

function ours(): ConvertCSSVariablesInput {
  const light: { [name: string]: string } = {
    '--mantine-color-dimmed': '#596270', '--mantine-color-placeholder': '#6b7480', '--mantine-color-error': 'var(--mantine-color-red-9)', '--mantine-color-anchor': 'var(--mantine-color-blue-9)',
    '--tc-line': 'var(--mantine-color-gray-3)', '--tc-side': 'var(--mantine-color-gray-0)', '--tc-hover': 'var(--mantine-color-gray-0)',
  };
  const dark: { [name: string]: string } = {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-2)', '--mantine-color-placeholder': 'var(--mantine-color-dark-2)', '--mantine-color-error': 'var(--mantine-color-red-4)', '--mantine-color-anchor': 'var(--mantine-color-blue-4)',
    '--tc-line': 'var(--mantine-color-dark-5)', '--tc-side': 'var(--mantine-color-dark-8)', '--tc-hover': 'var(--mantine-color-dark-8)',
  };
  for (const color of kColors) {
    const ink = ['yellow', 'lime', 'orange'].includes(color) ? `color-mix(in srgb, var(--mantine-color-${color}-9) 72%, black)` : `color-mix(in srgb, var(--mantine-color-${color}-9) 88%, black)`;
    light[`--mantine-color-${color}-light-color`] = ink;
    light[`--mantine-color-${color}-text`] = ink;
    light[`--mantine-color-${color}-outline`] = ink;
    dark[`--mantine-color-${color}-light-color`] = `var(--mantine-color-${color}-2)`;
    dark[`--mantine-color-${color}-text`] = `var(--mantine-color-${color}-3)`;
    dark[`--mantine-color-${color}-outline`] = `var(--mantine-color-${color}-3)`;
  }
  return { variables: {}, light, dark };
}

/** Puts the variables of the theme into the page. */
export function adoptTheme() {
  const full: MantineTheme = mergeMantineTheme(DEFAULT_THEME, theme);
  adopt(convertCssVariables(deepMerge(defaultCssVariablesResolver(full), ours()), ':root'));
}
