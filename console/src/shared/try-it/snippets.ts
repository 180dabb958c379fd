// Code with which a program of a client connects. The token stands in an environment variable, never in the code.
export interface Snippet {
  name: string;
  code: string;
}

export const clientSnippets = (base: string, variable: string, flag = 'new-checkout'): Snippet[] => [
  {
    name: 'JavaScript',
    code: `import { createClient } from '@togglecast/client';

const flags = createClient({ url: '${base}', token: process.env.${variable} });
await flags.ready();
console.log(flags.flag('${flag}', false));
flags.on('change', (keys) => console.log('changed:', keys));`,
  },
  {
    name: 'socket.io-client',
    code: `import { io } from 'socket.io-client';

const socket = io('${base}/client', { auth: { token: process.env.${variable} } });
socket.on('client_connected', ({ features }) => console.log(features));
socket.on('feature_update', ({ data, type }) => console.log(type, data));`,
  },
  {
    name: 'Python',
    code: `import os, socketio

client = socketio.Client()

@client.on('feature_update', namespace='/client')
def changed(update):
    print(update['type'], update['data'])

client.connect('${base}', namespaces=['/client'],
               auth={'token': os.environ['${variable}'], 'offsets': False})
client.wait()`,
  },
];
