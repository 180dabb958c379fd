// node consume.mjs [URL] [PREFIX] [ENVIRONMENT] [ID]: prints each change behind that id; `$` means from now on.
// npm install redis
import { createClient } from 'redis';

const [url = 'redis://localhost:6379', prefix = 'togglecast', environment = 'production', from = '$'] = process.argv.slice(2);
const redis = await createClient({ url }).on('error', (error) => console.error(error.message)).connect();
for (let id = from; ;) {
  const read = await redis.xRead({ key: `${prefix}:changes:${environment}`, id }, { BLOCK: 5000, COUNT: 100 });
  for (const entry of read?.[0].messages ?? []) {
    for (const { type, entity, key } of JSON.parse(entry.message.summary)) console.log(entry.id, type, entity, key);
    id = entry.id; // keep it, to go on from there after a restart
  }
}
