// Code that asks for a flag, to copy. One text for each language.
import type { FlagType } from './flag-draft';

export interface Snippet {
  id: string;
  title: string;
  note: string;
  code: string;
}

interface Asked {
  /** `feature` or `feature/sub`. */
  key: string;
  type: FlagType;
  url: string;
}

const kDefaults: { [type in FlagType]: { js: string; python: string } } = {
  boolean: { js: 'false', python: 'False' }, string: { js: "''", python: "''" }, number: { js: '0', python: '0' }, object: { js: '{}', python: '{}' },
};
// Words of the language, and names that the code below has already.
const kTaken = {
  js: new Set(('arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let '
    + 'new null package private protected public return static super switch this throw true try typeof undefined var void while with yield '
    + 'App JSON TogglecastProvider client console createClient fetch getToken show useFlag').split(' ')),
  python: new Set(('and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield '
    + 'client os print togglecast').split(' ')),
};
const camel = (key: string) => key.replace(/^[^A-Za-z_]+/, '').replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase()) || 'value';
const free = (name: string) => (kTaken.js.has(name) ? `${name}Flag` : name);
const variable = (key: string) => free(camel(key));
const component = (key: string) => free(camel(key).replace(/^./, (first) => first.toUpperCase()));
const snake = (key: string) => {
  const name = key.replace(/^[^A-Za-z_]+/, '').replace(/[^A-Za-z0-9]+/g, '_').toLowerCase() || 'value';
  return kTaken.python.has(name) ? `${name}_flag` : name;
};

export function snippets({ key, type, url }: Asked): Snippet[] {
  const { js, python } = kDefaults[type];
  const name = variable(key);
  return [
    {
      id: 'js', title: 'JavaScript', note: 'npm install @togglecast/client',
      code: `import { createClient } from '@togglecast/client';

const client = createClient({
  url: '${url}',
  getToken: () => fetch('/flags-token').then((answer) => answer.text()), // from your own server
});

const show = () => {
  const ${name} = client.flag('${key}', ${js});
  console.log('${key}:', ${name});
};
client.on('change', show);
show();
`,
    },
    {
      id: 'react', title: 'React', note: 'npm install @togglecast/react @togglecast/client',
      code: type === 'boolean'
        ? `import { Feature, TogglecastProvider } from '@togglecast/react';

const getToken = () => fetch('/flags-token').then((answer) => answer.text());

export const App = () => (
  <TogglecastProvider url="${url}" getToken={getToken}>
    <Feature flag="${key}" fallback={<p>Off</p>}>
      <p>On</p>
    </Feature>
  </TogglecastProvider>
);
`
        : `import { TogglecastProvider, useFlag } from '@togglecast/react';

const getToken = () => fetch('/flags-token').then((answer) => answer.text());

function ${component(key)}() {
  const ${name} = useFlag('${key}', ${js});
  return <pre>{JSON.stringify(${name})}</pre>;
}

export const App = () => (
  <TogglecastProvider url="${url}" getToken={getToken}>
    <${component(key)} />
  </TogglecastProvider>
);
`,
    },
    {
      id: 'python', title: 'Python', note: 'pip install togglecast',
      code: `import os
import togglecast

with togglecast.Client("${url}", token=os.environ["TOGGLECAST_TOKEN"]) as client:
    client.ready(timeout=10)
    ${snake(key)} = client.flag("${key}", ${python})
    print("${key}:", ${snake(key)})
`,
    },
    {
      id: 'curl', title: 'curl', note: 'The OpenFeature protocol OFREP, with the token of a client',
      code: `curl '${url}/ofrep/v1/evaluate/flags/${encodeURIComponent(key)}' \\
  -H "Authorization: Bearer $TOGGLECAST_TOKEN" -H 'Content-Type: application/json' \\
  -d '{"context": {}}'
`,
    },
  ];
}
