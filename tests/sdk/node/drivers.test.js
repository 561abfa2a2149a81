'use strict';

// The drivers against a recorder: what they claim to have sent is what arrives, and what fails is counted.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { CLIENTS, drive } = require('./driver');
const { startRecorder } = require('./recorder');
const { calls, counts } = require('./scenario');

const KEY = 'key-of-the-recorder';

async function check(client, statuses) {
  const recorder = await startRecorder(statuses);
  try {
    return { recorder, result: await drive(client, recorder.url, KEY) };
  } finally {
    await recorder.stop();
  }
}

for (const client of Object.keys(CLIENTS)) {
  test(`${client} delivers every call once`, async () => {
    const { recorder, result } = await check(client, [200]);
    const expected = counts(calls(client));
    assert.deepEqual(result, { client, sent: expected, delivered: expected.total, errors: 0, messages: [] });
    assert.deepEqual(counts(recorder.events), expected);
    assert.equal(new Set(recorder.events.map((event) => event.messageId)).size, expected.total);
    const basic = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`;
    assert.ok(recorder.requests.every((request) => request.headers.authorization === basic));
  });

  test(`${client} sends again what a busy server refuses`, async () => {
    const { recorder, result } = await check(client, [503, 200]);
    assert.equal(result.errors, 0, JSON.stringify(result));
    assert.deepEqual(counts(recorder.events), counts(calls(client)));
    assert.equal(recorder.requests[0].status, 503);
  });

  test(`${client} reports what a server rejects`, async () => {
    const { recorder, result } = await check(client, [400]);
    assert.deepEqual(recorder.events, []);
    assert.equal(result.errors, result.sent.total, JSON.stringify(result));
    assert.equal(result.delivered, 0);
    assert.notDeepEqual(result.messages, []);
  });
}
