import { describe, expect, it } from 'vitest';
import { beginWith, choicesOf, localTime, sameOverride } from '@/features/clients/overrides';

describe('an override in the dialog', () => {
  it('offers each value of the variants once', () => {
    expect(choicesOf({ on: true, off: false })).toEqual([{ json: 'true', label: 'On' }, { json: 'false', label: 'Off' }]);
    expect(choicesOf({ small: 'S', tiny: 'S', large: 'L' }).map(({ label }) => label)).toEqual(['small, tiny: "S"', 'large: "L"']);
  });

  it('begins with what is stored, and otherwise with on', () => {
    expect(beginWith({ feature_id: 1, value: false }, { on: true, off: false })).toBe('false');
    expect(beginWith(undefined, { off: false, on: true })).toBe('true');
    expect(beginWith({ feature_id: 1, removed: true }, { small: 'S' })).toBe('"S"');
  });

  it('is the same with and without members that say nothing', () => {
    expect(sameOverride({ feature_id: 1, value: true }, { feature_id: 1, value: true, reason: '', expires_at: null })).toBe(true);
    expect(sameOverride({ feature_id: 1, value: true }, { feature_id: 1, removed: true })).toBe(false);
    expect(sameOverride(undefined, { feature_id: 1, value: true })).toBe(false);
  });

  it('has its end to the minute in the zone of the reader', () => {
    expect(new Date(localTime('2026-12-24T10:30:00.000Z')).toISOString()).toBe('2026-12-24T10:30:00.000Z');
  });
});
