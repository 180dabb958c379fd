// Colours of lines: from the theme, with enough contrast to the page in light and dark.
const kLines = ['blue', 'orange', 'teal', 'grape', 'red', 'cyan', 'lime', 'pink', 'indigo', 'yellow'] as const;

const nameOf = (index: number) => kLines[index % kLines.length]!;

/** For style sheets. */
export const lineColor = (index: number) => `light-dark(var(--mantine-color-${nameOf(index)}-7), var(--mantine-color-${nameOf(index)}-4))`;

/** For a canvas, which knows no variables. */
export function colorOf(index: number, element: Element): string {
  const dark = document.documentElement.getAttribute('data-mantine-color-scheme') === 'dark';
  return getComputedStyle(element).getPropertyValue(`--mantine-color-${nameOf(index)}-${dark ? 4 : 7}`).trim();
}
