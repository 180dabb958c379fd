import { isLightColor } from '@mantine/core';
import { expect, test } from 'vitest';
import { theme } from '../src/app/theme';

test('text on a red button is white', () => {
  const { light } = theme.primaryShade as { light: number };
  expect(isLightColor(theme.colors!['red']![light]!, theme.luminanceThreshold)).toBe(false);
});
