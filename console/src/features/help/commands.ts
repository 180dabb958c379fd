// The first steps as commands for a terminal.
export interface Step {
  title: string;
  note?: string;
  commands: string;
}

const quoted = (text: string) => (/^[A-Za-z0-9._:~-]+$/.test(text) ? text : text.replace(/[^A-Za-z0-9._:~@-]/g, ''));

export function firstSteps(base: string, username: string, environment: string): Step[] {
  return [
    {
      title: 'Log in',
      commands: `PASSWORD='put your password here'
ADMIN=$(curl -s ${base}/api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "${quoted(username)}", "environment": "${quoted(environment)}", "password": "'"$PASSWORD"'"}' |
  sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p'); echo "$ADMIN"`,
    },
    {
      title: 'Create a client and its token',
      commands: `CLIENT=$(curl -s ${base}/api/v1/clients \\
  -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: first-client' -d '{"key": "demo", "name": "Demo"}' |
  sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
TOKEN=$(curl -s -X POST ${base}/api/v1/clients/$CLIENT/tokens \\
  -H "Authorization: Bearer $ADMIN" |
  sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p'); echo "$TOKEN"`,
    },
    {
      title: 'Listen with the official Socket.IO client',
      note: 'This step needs Node.js. The client runs in the background; kill %1 ends it.',
      commands: `npm install --no-save socket.io-client
TOKEN=$TOKEN node -e '
  const { io } = require("socket.io-client");
  const socket = io("${base}/client", { auth: { token: process.env.TOKEN } });
  socket.on("client_connected", (view) => console.log("connected as", view.client.key));
  socket.on("connect_error", (error) => console.log(error.message));
  socket.on("platform_update", (update) => console.log("platform_update", update));
' &`,
    },
    {
      title: 'Switch a platform',
      note: 'The terminal prints the update. You can flip the switch in the console as well.',
      commands: `PLATFORM=$(curl -s ${base}/api/v1/platforms \\
  -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: first-platform' -d '{"key": "first-platform", "name": "First platform"}' |
  sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
curl -s -X POST ${base}/api/v1/platforms/$PLATFORM/toggle \\
  -H "Authorization: Bearer $ADMIN"`,
    },
  ];
}
