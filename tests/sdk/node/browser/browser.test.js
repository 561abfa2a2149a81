'use strict';

// Segment's browser SDK in a real Chromium, on a shop's pages at another origin than the server's and over TLS, so that the
// browser asks before it sends: every call arrives once, whatever happens on the way. SEGOPS_BINARY names the server.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');

const { makeCertificate } = require('../certificate');
const { startGate } = require('../gate');
const { startServer } = require('../server');
const { launchChromium } = require('./chromium');
const { startShop } = require('./shop');
const { openVisit, until } = require('./visit');

const WAYS = ['snippet', 'npm', 'npm with settings from the server'];
const BATCHING = { strategy: 'batching', config: { size: 10, timeout: 200 } };

let server; let gate; let shop; let browser; let api;

before(async () => {
  if (!process.env.SEGOPS_BINARY) throw new Error('set SEGOPS_BINARY to the server to test');
  const tls = makeCertificate();
  [server, browser] = await Promise.all([startServer(process.env.SEGOPS_BINARY), launchChromium()]);
  [gate, shop] = await Promise.all([startGate(server.url, tls), startShop(tls)]);
  api = `https://cdp.test:${gate.port}`;
  shop.at(api);
});

after(async () => {
  await browser?.close();
  await Promise.all([gate?.stop(), shop?.stop()]);
  await server?.stop();
});

beforeEach(() => {
  gate.requests.length = 0;
  gate.script.length = 0;
});

// The address of a page that has the SDK, set up in one of the ways.
function address(way, writeKey, delivery) {
  const segment = delivery ? { deliveryStrategy: delivery } : {};
  const query = new URLSearchParams({ key: writeKey });
  if (way === 'snippet') {
    query.set('options', JSON.stringify({ integrations: { 'Segment.io': segment } }));
    return `${shop.url}/snippet?${query}`;
  }
  const inline = way === 'npm';
  const apiHost = inline ? { apiHost: `${api.replace('https://', '')}/v1`, protocol: 'https' } : {};
  query.set('settings', JSON.stringify({
    writeKey,
    ...(inline ? { cdnSettings: { integrations: { 'Segment.io': { apiKey: writeKey } } } } : { cdnURL: api }),
  }));
  query.set('options', JSON.stringify({ integrations: { 'Segment.io': { ...apiHost, ...segment } } }));
  return `${shop.url}/npm?${query}`;
}

const posts = () => gate.requests.filter((request) => request.method === 'POST');
const script = (text) => new Function(text);

// A visit with a source of its own, and what the server has counted of it since.
async function begin(t, name) {
  const source = await server.post('/api/v1/sources', { name });
  const first = await server.settle();
  const visit = await openVisit(browser);
  t.after(visit.close);
  const counted = async () => {
    const status = await server.settle();
    return {
      events: status.events - first.events,
      duplicates: status.duplicates - first.duplicates,
      rejections: status.rejections - first.rejections,
      profiles: status.profiles - first.profiles,
    };
  };
  const arrived = (events) => until(`${events} events`, async () => (await counted()).events >= events);
  return { ...visit, key: source.write_key, name, counted, arrived };
}

// Every kind of call of one person; with the page call of the snippet 9 events.
const everyCall = (user) => script(`
  analytics.track('Product Viewed', { product_id: 'p-1', price: 29.95, name: 'Schöner Schuh 👟' });
  analytics.track('Product Viewed', { product_id: 'p-2', price: 5 });
  analytics.identify('${user}', { email: '${user}@example.com', address: { country: 'DE' } });
  analytics.group('company', { name: 'Acme' });
  analytics.alias('${user}-2', '${user}');
  analytics.screen('Start', { tab: 'new' });
  analytics.track('Order Completed', { order_id: 'o-1', total: 59.9, products: [{ product_id: 'p-1', price: '29.95', quantity: 2 }] });
  analytics.page('Checkout', { step: 2 });
`);

for (const way of WAYS) {
  for (const delivery of [undefined, BATCHING]) {
    const name = `${way}, ${delivery ? 'batching' : 'one event at a time'}`;
    test(`${name}: every call is counted exactly`, async (t) => {
      const visit = await begin(t, name);
      await visit.page.goto(address(way, visit.key, delivery));
      if (way !== 'snippet') await visit.page.evaluate(script("analytics.page()"));
      await visit.page.evaluate(everyCall(`user-${WAYS.indexOf(way)}-${Boolean(delivery)}`));
      await visit.arrived(9);

      assert.deepEqual(await visit.counted(), { events: 9, duplicates: 0, rejections: 0, profiles: 1 });
      const from = `from source "${name}"`;
      for (const [rule, profiles] of Object.entries({
        [`did "Product Viewed" exactly twice ${from}`]: 1,
        [`did "Product Viewed" where name is "Schöner Schuh 👟" exactly once ${from}`]: 1,
        [`did "Page Viewed" exactly twice ${from}`]: 1,
        [`did "Screen Viewed" exactly once ${from}`]: 1,
        [`did "Order Completed" where products[] (price < 30 and quantity >= 2) exactly once ${from}`]: 1,
        [`did any event exactly 6 times ${from}`]: 1,
      })) {
        assert.equal(await server.count(`everyone where ${rule}`), profiles, rule);
      }

      assert.deepEqual(visit.complaints, []);
      assert.deepEqual([...visit.origins].sort(), [api, shop.url].sort());
      if (way !== 'snippet') assert.deepEqual(await visit.page.evaluate(script('return errors')), []);
      // The browser has asked first, and everything that it sent was answered with exactly 200.
      const asked = gate.requests.filter((request) => request.method === 'OPTIONS');
      assert.ok(asked.length > 0 && asked.every((request) => request.status === 204));
      assert.ok(posts().every((request) => request.status === 200 && request.headers['content-type'].startsWith('text/plain')));
      assert.equal(posts().length, delivery ? 1 : 9);
      const fetched = gate.requests.filter((request) => request.method === 'GET').map((request) => request.path);
      const settings = `/v1/projects/${visit.key}/settings`;
      const library = `/analytics.js/v1/${visit.key}/analytics.min.js`;
      assert.deepEqual(fetched, { snippet: [library, settings], npm: [] }[way] ?? [settings]);
    });
  }
}

test('what is left of a batch goes as the page goes', async (t) => {
  const visit = await begin(t, 'unload');
  const rarely = { strategy: 'batching', config: { size: 50, timeout: 600_000 } };
  await visit.page.goto(address('npm', visit.key, rarely));
  await visit.page.evaluate(script("for (let n = 0; n < 7; n += 1) analytics.track('Left', { n, text: 'x'.repeat(5000) });"
    + 'return new Promise((resolve) => analytics.ready(resolve));'));
  await until('the calls are in the batch', () => visit.page.evaluate(script("return analytics.instance.queue.queue.length === 0")));
  await visit.page.click('#on');
  await visit.page.waitForURL('**/empty');
  await visit.arrived(7);
  assert.deepEqual(await visit.counted(), { events: 7, duplicates: 0, rejections: 0, profiles: 1 });
  assert.deepEqual(visit.complaints, []);
  assert.ok(posts().length >= 1 && posts().every((request) => request.path === '/v1/b' && request.status === 200));
});

test('a page that is hidden and shown again sends its batch twice, and it is counted once', async (t) => {
  const visit = await begin(t, 'hidden');
  const slowly = { strategy: 'batching', config: { size: 50, timeout: 1_000 } };
  await visit.page.goto(address('npm', visit.key, slowly));
  await visit.page.evaluate(script("for (let n = 0; n < 3; n += 1) analytics.track('Seen', { n });"
    + 'return new Promise((resolve) => analytics.ready(resolve));'));
  await visit.page.evaluate(script(`
    for (const state of ['hidden', 'visible']) {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }
  `));
  await until('it was sent twice', () => posts().length === 2 && posts().every((request) => request.status === 200));
  assert.deepEqual(await visit.counted(), { events: 3, duplicates: 3, rejections: 0, profiles: 1 });
  assert.deepEqual(visit.complaints, []);
});

test('what was on its way as the page went comes with the next page', async (t) => {
  const visit = await begin(t, 'in flight');
  await visit.page.goto(address('npm', visit.key));
  await visit.page.evaluate(script('return new Promise((resolve) => analytics.ready(resolve));'));
  gate.script.push(...Array(5).fill('hold'));
  await visit.page.evaluate(script("for (let n = 0; n < 5; n += 1) analytics.track('Clicked', { n });"));
  await until('all are on their way', () => posts().length === 5);
  await visit.page.click('#on');
  await visit.page.waitForURL('**/empty');
  await visit.page.goto(address('npm', visit.key));
  await visit.arrived(5);
  assert.deepEqual(await visit.counted(), { events: 5, duplicates: 0, rejections: 0, profiles: 1 });
});

test('a beacon is taken', async (t) => {
  const visit = await begin(t, 'beacon');
  const item = (n) => ({ type: 'track', event: 'Left', anonymousId: 'beacon-visitor', messageId: `beacon-${n}` });
  const query = new URLSearchParams({ key: visit.key, body: JSON.stringify({ batch: [item(1), item(2)] }) });
  await visit.page.goto(`${shop.url}/beacon?${query}`);
  await visit.page.click('#on');
  await visit.arrived(2);
  assert.deepEqual(await visit.counted(), { events: 2, duplicates: 0, rejections: 0, profiles: 1 });
  assert.deepEqual(visit.complaints, []);
  assert.match(posts()[0].headers['content-type'], /^text\/plain/);
});

for (const delivery of [undefined, BATCHING]) {
  const name = delivery ? 'batching' : 'one event at a time';
  const failures = {
    'a busy server': { steps: [{ status: 503 }, { status: 503 }], duplicates: 0 },
    'a server that says when to come back': { steps: [{ status: 429, retryAfter: 1 }], duplicates: 0 },
    'an answer that was lost': { steps: ['lose'], duplicates: 1 },
  };
  for (const [failure, { steps, duplicates }] of Object.entries(failures)) {
    test(`${name}: after ${failure} everything is counted once`, async (t) => {
      const visit = await begin(t, `${name} ${failure}`);
      await visit.page.goto(address('npm', visit.key, delivery));
      await visit.page.evaluate(script('return new Promise((resolve) => analytics.ready(resolve));'));
      gate.script.push(...steps);
      await visit.page.evaluate(script("analytics.track('Tried', { n: 1 });"));
      await visit.arrived(1);
      await until('the client knows', () => posts().at(-1).status === 200);
      const counted = await visit.counted();
      assert.deepEqual({ ...counted, duplicates: counted.duplicates >= duplicates },
        { events: 1, duplicates: true, rejections: 0, profiles: 1 });
      assert.deepEqual(await visit.page.evaluate(script('return errors')), []);
      assert.ok(posts().length > steps.length);
      // A browser may send again by itself where a connection broke, and then says nothing of it.
      if (failure !== 'an answer that was lost') assert.ok(Number(posts().at(-1).headers['x-retry-count']) >= 1);
      const [first, second] = posts();
      if (first.status === 429) assert.ok(second.at - first.at >= 900, `after ${second.at - first.at} ms`);
    });
  }
}

test('what was done offline arrives once the visitor is back', async (t) => {
  const visit = await begin(t, 'offline');
  await visit.page.goto(address('npm', visit.key));
  await visit.page.evaluate(script('return new Promise((resolve) => analytics.ready(resolve));'));
  await visit.context.setOffline(true);
  await visit.page.evaluate(script("return Promise.all([1, 2, 3, 4].map((n) => analytics.track('Offline', { n }))).then(() => {});"));
  assert.equal((await visit.counted()).events, 0);
  await visit.context.setOffline(false);
  await visit.arrived(4);
  assert.deepEqual(await visit.counted(), { events: 4, duplicates: 0, rejections: 0, profiles: 1 });
});

test('an unknown write key is an error that the page hears of', async (t) => {
  const visit = await begin(t, 'unknown key');
  await visit.page.goto(address('npm', 'of-nobody'));
  await visit.page.evaluate(script("analytics.track('Lost')"));
  await until('the page knows', async () => (await visit.page.evaluate(script('return errors'))).length === 1);
  assert.deepEqual(await visit.page.evaluate(script('return errors')), ['Non-retryable error: 401']);
  const { events, rejections } = await visit.counted();
  assert.deepEqual({ events, rejections }, { events: 0, rejections: 1 });
  assert.equal(posts().length, 1);
});

test('the library that is served is the one of npm', () => {
  const packaged = path.join(path.dirname(require.resolve('@segment/analytics-next/package.json')), 'dist/umd');
  const served = path.join(__dirname, '../../../../crates/server/assets/analytics-next');
  const files = fs.readdirSync(served).filter((file) => file.endsWith('.js'));
  assert.ok(files.length >= 8);
  for (const file of files) {
    assert.ok(fs.readFileSync(path.join(served, file)).equals(fs.readFileSync(path.join(packaged, file))), file);
  }
});
