'use strict';

// Real SDKs against the real server: every call arrives once, and rules count it exactly.
// SEGOPS_BINARY names the server.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');

const { CLIENTS, drive } = require('./driver');
const { calls, counts, customers } = require('./scenario');
const { startServer } = require('./server');

let server;

before(async () => {
  if (!process.env.SEGOPS_BINARY) throw new Error('set SEGOPS_BINARY to the server to test');
  server = await startServer(process.env.SEGOPS_BINARY);
});

after(async () => {
  await server?.stop();
});

for (const client of Object.keys(CLIENTS)) {
  test(`${client} is counted exactly`, async () => {
    const source = await server.post('/api/v1/sources', { name: client });
    const statusBefore = await server.settle();

    const result = await drive(client, server.url, source.write_key);
    const expected = counts(calls(client));
    assert.equal(result.errors, 0, JSON.stringify(result));
    assert.deepEqual(result.sent, expected);

    const status = await server.settle();
    assert.equal(status.events - statusBefore.events, expected.total);
    assert.equal(status.rejections, statusBefore.rejections);
    assert.equal(status.duplicates, statusBefore.duplicates);
    // Each customer was somebody unknown first, and one and the same profile after the alias.
    assert.equal(status.profiles - statusBefore.profiles, customers);
    const { data: sources } = await server.get('/api/v1/sources');
    assert.equal(sources.find((one) => one.id === source.id).events, expected.total);

    const from = `from source "${client}"`;
    const selected = {
      [`did "Product Viewed" exactly 3 times ${from}`]: customers,
      [`did "Product Viewed" where price is 29.95 and category is "shoes" at least 3 times ${from}`]: customers,
      [`did "Product Viewed" at least 4 times ${from}`]: 0,
      [`did "Order Completed" exactly once on 2026-01-02 ${from}`]: customers,
      [`did "Order Completed" where products[] (price < 30 and quantity >= 2) ${from}`]: customers,
      [`did any event exactly 7 times ${from}`]: customers,
      [`email ends with "@example.com" and email starts with "${client}-" and address.country is "DE"`]: customers,
    };
    for (const [rule, profiles] of Object.entries(selected)) {
      assert.equal(await server.count(`everyone where ${rule}`), profiles, rule);
    }
  });
}

test('what the clients sent is the same live and rebuilt', async () => {
  const saved = await server.post('/api/v1/segments', {
    name: 'Looked three times',
    rule: 'everyone where did "Product Viewed" at least 3 times',
  });
  for (;;) {
    const segment = await server.get(`/api/v1/segments/${saved.segment.id}`);
    if (segment.status === 'live') {
      assert.equal(segment.counts.total, customers * Object.keys(CLIENTS).length);
      break;
    }
    assert.equal(segment.status, 'priming');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const report = await server.post('/api/v1/verify');
  assert.equal(report.differences, 0, JSON.stringify(report));
  assert.equal(report.profiles_agree, true);
});
