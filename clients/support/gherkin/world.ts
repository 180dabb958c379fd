// The flags of the scenarios, on a server, and the means to run them there.
import { readFileSync } from 'node:fs';
import { scenariosOf, type Scenario } from './scenarios.js';
import type { Server } from '../server.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

export const scenarios = (name: 'evaluation' | 'evaluation_v2'): Scenario[] => scenariosOf(read(`${name}.feature`));

interface TestFlag {
  disabled?: boolean;
  variants: { [name: string]: unknown };
  defaultVariant?: string | null;
  contextEvaluator?: string;
}

// The rules of test-flags.json in the language of our server.
const kBallmer = { '==': [{ var: 'email' }, 'ballmer@macrosoft.com'] };
const kRules: { [expression: string]: (variants: string[]) => object } = {
  "email == 'ballmer@macrosoft.com' ? 'zero' : ''": () => ({ if: [kBallmer, 'zero', null] }),
  "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''": () =>
    ({ if: [{ and: [{ '!': [{ var: 'customer' }] }, kBallmer, { '>': [{ var: 'age' }, 10] }] }, 'internal', null] }),
};
// Of evaluation.feature, whose flags test-flags.json no longer has.
const kContextAware: TestFlag & { targeting: object } = {
  variants: { internal: 'INTERNAL', external: 'EXTERNAL' }, defaultVariant: 'external',
  targeting: {
    if: [{ and: [
      { '==': [{ var: 'fn' }, 'Sulisław'] }, { '==': [{ var: 'ln' }, 'Świętopełk'] }, { '==': [{ var: 'age' }, 29] }, { '==': [{ var: 'customer' }, false] },
    ] }, 'internal', 'external'],
  },
};

/** A client on a package with all flags of the scenarios. Answers its token. */
export async function flagsOfScenarios(server: Server): Promise<string> {
  const flags: { [key: string]: TestFlag & { targeting?: object } } = { ...(JSON.parse(read('test-flags.json')) as { [key: string]: TestFlag }), 'context-aware': kContextAware };
  const features = [];
  for (const [key, { disabled, variants, defaultVariant = null, contextEvaluator, targeting }] of Object.entries(flags)) {
    const rule = contextEvaluator === undefined ? targeting : kRules[contextEvaluator]!(Object.keys(variants));
    const { id } = await server.call('POST', '/api/v1/features', {
      key, name: key, variants, defaultVariant, ...(disabled && { state: 'DISABLED' }), ...(rule && { targeting: rule }),
    });
    features.push({ feature_id: id });
  }
  const plan = await server.call('POST', '/api/v1/packages', { key: 'scenarios', name: 'Scenarios', features });
  const client = await server.call('POST', '/api/v1/clients', { key: 'scenarios', name: 'Scenarios', package_id: plan.id });
  return server.issue(client.id);
}
