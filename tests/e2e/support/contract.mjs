// Holds real requests and answers to the API's own description: which operation it was, whether the status is one of
// its, and whether parameters, headers and bodies are as their schemas say. Remembers what was exercised.
import assert from 'node:assert/strict';
import Ajv2020 from 'ajv/dist/2020.js';

const kMethods = ['get', 'post', 'put', 'patch', 'delete'];
const escaped = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');

export class Contract {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    this.ajv.addSchema(document, 'api');
    this.operations = new Map(); // "get /path" → {method, path, operation, pointer, succeeded, failed}
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of kMethods.filter((name) => item[name])) {
        const pointer = `/paths/${escaped(path)}/${method}`;
        this.operations.set(`${method} ${path}`, { method, path, item, operation: item[method], pointer, succeeded: 0, failed: 0 });
      }
    }
  }

  /** `{place: value}` of what a reference, or the value itself, stands for. */
  resolve(value, pointer) {
    while (value?.$ref) {
      pointer = value.$ref.slice(1);
      value = pointer.split('/').slice(1).reduce((at, name) => at[name.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
    }
    return { value, pointer };
  }

  matches(pointer, value) {
    const validate = this.ajv.getSchema(`api#${encodeURI(pointer)}`) ?? this.ajv.compile({ $ref: `api#${encodeURI(pointer)}` });
    return validate(value) ? '' : this.ajv.errorsText(validate.errors, { separator: '\n' });
  }

  find(method, target) {
    const segments = new URL(target, 'http://x').pathname.split('/');
    const fits = ({ method: of, path }) => {
      const pattern = path.split('/');
      return of === method.toLowerCase() && pattern.length === segments.length
        && pattern.every((part, i) => part === segments[i] || (part.startsWith('{') && segments[i] !== ''));
    };
    const fixed = ({ path }) => path.split('/').filter((part) => !part.startsWith('{')).length;
    return [...this.operations.values()].filter(fits).sort((a, b) => fixed(b) - fixed(a))[0];
  }

  parameters({ item, operation, pointer }) {
    const all = [];
    const collect = (list, at) => list?.forEach((one, i) => all.push(this.resolve(one, `${at}/parameters/${i}`)));
    collect(item.parameters, pointer.slice(0, pointer.lastIndexOf('/')));
    collect(operation.parameters, pointer);
    return all;
  }

  checkParameters(found, target, headers) {
    const known = this.parameters(found);
    const given = [
      ...[...new URL(target, 'http://x').searchParams].map(([name, value]) => ['query', name, value]),
      ...Object.entries(headers).filter(([name]) => /^(if-|idempotency-|togglecast-)/i.test(name)).map(([name, value]) => ['header', name, value]),
    ];
    for (const [place, name, value] of given) {
      const one = known.find(({ value: parameter }) => parameter.in === place && parameter.name.toLowerCase() === name.toLowerCase());
      assert.ok(one, `${found.method} ${found.path} describes no ${place} parameter ${name}`);
      const readings = [value];
      if (/^-?\d+$/.test(value)) readings.push(Number(value));
      if (/^(true|false)$/.test(value)) readings.push(value === 'true');
      if (/^[[{]/.test(value)) readings.push(JSON.parse(value));
      assert.ok(readings.some((reading) => !this.matches(`${one.pointer}/schema`, reading)), `${place} parameter ${name}=${value}`);
    }
  }

  /** Checks one request with its answer ({status, headers, text}). */
  check(method, target, body, headers, answer) {
    const found = this.find(method, target);
    const name = `${method} ${target}`;
    assert.ok(found, `${name} is not described`);
    const succeeded = answer.status < 400;
    if (succeeded) this.checkParameters(found, target, headers);

    const request = this.resolve(found.operation.requestBody, `${found.pointer}/requestBody`);
    if (Buffer.isBuffer(body)) {
      assert.ok(request.value?.content['*/*'], `${name} describes no body of bytes`);
    } else if (typeof body === 'object') {
      assert.ok(request.value, `${name} describes no body`);
      const wrong = this.matches(`${request.pointer}/content/application~1json/schema`, body);
      if (succeeded) assert.equal(wrong, '', `the body of ${name} was taken, though it is not as described: ${JSON.stringify(body)}`);
    } else if (succeeded) {
      assert.ok(!request.value?.required, `${name} went without a body that is required`);
    }

    const described = found.operation.responses[answer.status];
    assert.ok(described, `${name} answered ${answer.status}, which is not described: ${answer.text}`);
    const response = this.resolve(described, `${found.pointer}/responses/${answer.status}`);
    for (const [header, one] of Object.entries(response.value.headers ?? {})) {
      const { value, pointer } = this.resolve(one, `${response.pointer}/headers/${escaped(header)}`);
      const sent = answer.headers.get(header);
      if (sent === null) assert.ok(!value.required, `${name} ${answer.status} lacks ${header}`);
      else assert.equal(this.matches(`${pointer}/schema`, sent), '', `${name} ${answer.status}: ${header}: ${sent}`);
    }
    for (const header of ['ETag', 'Location'])
      if (succeeded && answer.status !== 304 && answer.headers.has(header)) assert.ok(response.value.headers?.[header], `${name} ${answer.status} has an undescribed ${header}`);
    this.checkBody(`${name} ${answer.status}`, response, answer);
    found[succeeded ? 'succeeded' : 'failed'] += 1;
    return answer;
  }

  checkBody(name, response, answer) {
    const content = response.value.content;
    if (!content) return assert.equal(answer.text, '', `${name} describes no body`);
    const type = answer.headers.get('content-type')?.split(';')[0];
    if (content['*/*']) return;  // bytes of any type
    assert.ok(content[type], `${name} came as ${type}, which is not described`);
    const value = type.endsWith('json') ? JSON.parse(answer.text) : answer.text;
    const wrong = this.matches(`${response.pointer}/content/${escaped(type)}/schema`, value);
    assert.equal(wrong, '', `${name}: ${answer.text.slice(0, 2000)}`);
  }

  /** A `request` of `product` that checks each answer. */
  over(product) {
    return async (method, target, body, options = {}) =>
      this.check(method, target, body, options.headers ?? {}, await product.request(method, target, body, options));
  }

  /** Operations that no request succeeded with, and those that none failed with although they may. */
  unexercised() {
    const missing = [];
    for (const [name, { operation, succeeded, failed }] of this.operations) {
      if (!succeeded) missing.push(`${name} never succeeded`);
      const mayFail = Object.keys(operation.responses).some((status) => /^4/.test(status));
      if (mayFail && !failed) missing.push(`${name} never failed`);
    }
    return missing;
  }
}
