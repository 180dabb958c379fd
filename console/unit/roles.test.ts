import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kPermissions, permissionOf, type Action } from '../src/shared/auth/roles';

test('the console knows the same roles as the server', () => {
  const table = readFileSync(path.join(import.meta.dirname, '../../src/auth/permissions.hpp'), 'utf8');
  for (const [action, { name, least, reach }] of Object.entries(kPermissions)) {
    const row = new RegExp(`Permission\\{Action::${action}, "([^"]*)", detail::Role::(\\w+)(, detail::kAll)?`).exec(table);
    expect([action, row?.[1], row?.[2], row?.[3] ? 'installation' : 'environment']).toEqual([action, name, least, reach]);
  }
});

const may = (action: Action, role: 'viewer' | 'editor' | 'owner', environments = {}) => permissionOf({ role, environments }, 'staging', action).allowed;

test('the role of the environment counts, where there is one', () => {
  expect(may('write_features', 'viewer')).toBe(false);
  expect(may('write_features', 'viewer', { staging: 'editor' })).toBe(true);
  expect(may('write_features', 'editor', { staging: 'viewer' })).toBe(false);
  expect(may('write_features', 'viewer', { production: 'editor' })).toBe(false);
});

test('for the installation, the role of an environment does not count', () => {
  expect(may('manage_admins', 'editor', { staging: 'owner' })).toBe(false);
  expect(may('manage_admins', 'owner')).toBe(true);
});

test('a refusal says which role is needed', () => {
  expect(permissionOf({ role: 'viewer' }, 'staging', 'write_features').reason).toBe('You are a viewer in staging. To change features, the role editor is needed; an owner can give it to you.');
  expect(permissionOf({ role: 'editor' }, 'staging', 'manage_admins').reason).toContain('You are an editor for the installation');
});
