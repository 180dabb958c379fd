// Certificates for tests, made by openssl.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const openssl = promisify(execFile).bind(null, 'openssl');

/** Makes `name.crt` and `name.key` in the folder, for localhost and 127.0.0.1; the subject's organisation is `name`. */
export async function certificate(folder, name, { expired = false, names = [] } = {}) {
  const made = { certificate: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  const request = path.join(folder, `${name}.csr`);
  const extensions = path.join(folder, `${name}.ext`);
  const subject = ['DNS:localhost', 'IP:127.0.0.1', ...names.map((one) => `DNS:${one}`)];
  await writeFile(extensions, `subjectAltName=${subject.join(',')}\n`);
  await openssl(['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', made.key, '-out', request, '-subj', `/O=${name}/CN=localhost`]);
  await openssl(['x509', '-req', '-in', request, '-signkey', made.key, '-out', made.certificate,
    '-extfile', extensions, '-days', expired ? '-1' : '1']);
  return made;
}
