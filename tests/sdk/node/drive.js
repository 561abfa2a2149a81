'use strict';

// Sends the scripted traffic through a real SDK and prints one line of JSON: what was sent, what the SDK says
// was delivered, and the errors that it reported.
//
//   SEGOPS_URL=http://127.0.0.1:8080 SEGOPS_WRITE_KEY=... node drive.js segment|rudder [everyday|large]

const { calls, counts } = require('./scenario');

const DEADLINE_MS = 60_000;

const clients = {
  segment(settings, onError) {
    const { Analytics } = require('@segment/analytics-node');
    const analytics = new Analytics({
      writeKey: settings.writeKey,
      host: settings.url,
      flushAt: 20,
      flushInterval: 500,
    });
    analytics.on('error', (error) => onError(error.reason ?? error));
    return {
      send: (type, call, done) => analytics[type](call, (error) => done(error)),
      flush: () => analytics.closeAndFlush({ timeout: DEADLINE_MS }),
    };
  },

  rudder(settings, onError) {
    const Analytics = require('@rudderstack/rudder-sdk-node');
    const analytics = new Analytics(settings.writeKey, {
      dataPlaneUrl: settings.url,
      flushAt: 20,
      flushInterval: 300,
      errorHandler: onError,
      logLevel: 'silent',
    });
    return {
      // The callback comes with an error, or with an object that describes the batch.
      send: (type, call, done) => analytics[type](call, (outcome) => done(outcome instanceof Error && outcome)),
      flush: () => analytics.flush().catch(onError),
    };
  },
};

async function main() {
  const name = process.argv[2];
  const settings = { url: process.env.SEGOPS_URL, writeKey: process.env.SEGOPS_WRITE_KEY };
  if (!clients[name] || !settings.url || !settings.writeKey) {
    throw new Error('usage: SEGOPS_URL=... SEGOPS_WRITE_KEY=... node drive.js segment|rudder [everyday|large]');
  }
  const list = calls(`${name}-node`, process.argv[3]);
  const messages = [];
  const client = clients[name](settings, (error) => messages.push(String(error?.message ?? error)));

  let failed = 0;
  let open = list.length;
  const settled = new Promise((resolve) => {
    for (const { type, timestamp, ...call } of list) {
      if (timestamp) call.timestamp = new Date(timestamp);
      client.send(type, call, (error) => {
        if (error) failed += 1;
        open -= 1;
        if (open === 0) resolve();
      });
    }
  });
  await client.flush();
  await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, DEADLINE_MS).unref())]);

  const result = {
    client: `${name}-node`,
    sent: counts(list),
    delivered: list.length - failed - open,
    errors: failed + open,
    messages: [...new Set(messages)],
  };
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
