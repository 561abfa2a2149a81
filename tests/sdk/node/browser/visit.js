'use strict';

const assert = require('node:assert/strict');

const SETTLED_WITHIN_MS = 30_000;
const POLL_EVERY_MS = 50;

// Waits until something holds, and fails with what it is.
async function until(what, holds) {
  for (let waited = 0; waited < SETTLED_WITHIN_MS; waited += POLL_EVERY_MS) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  assert.fail(`not within ${SETTLED_WITHIN_MS} ms: ${what}`);
}

// One visitor's browser, and all that the pages say and ask for.
async function openVisit(browser) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const complaints = [];
  const origins = new Set();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:') origins.add(`${protocol}//${host}`);
  });
  return { context, page, complaints, origins, close: () => context.close() };
}

module.exports = { openVisit, until };
