'use strict';

const scenarios = require('../scenario.json');

// `{text}` of the large scenario: with it an event is just under what Segment's SDKs let through, and a batch is as
// large as each SDK makes them.
const TEXT = 'x'.repeat(30_000);

// The calls of the scripted traffic, in order. Each client's customers are its own, so that several clients
// can drive one server and be counted apart.
function calls(client, name = 'everyday') {
  const scenario = scenarios[name];
  const list = [];
  for (let n = 0; n < scenario.customers; n += 1) {
    for (const template of scenario.calls) {
      const { times = 1, ...call } = template;
      const text = JSON.stringify(call).replaceAll('{client}', client).replaceAll('{n}', String(n)).replaceAll('{text}', TEXT);
      for (let time = 0; time < times; time += 1) list.push(JSON.parse(text));
    }
  }
  return list;
}

// How many calls there are of each type, and in total.
function counts(list) {
  const sent = { total: list.length };
  for (const call of list) sent[call.type] = (sent[call.type] ?? 0) + 1;
  return sent;
}

module.exports = { calls, counts, customers: scenarios.everyday.customers };
