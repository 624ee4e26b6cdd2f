// The smoke test against a function that a local server plays and logs that the stand-in for the AWS CLI has.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';

import { loadWorkspace, select } from '../lib/workspace.ts';
import { type Finding, line } from '../scripts/finding.ts';
import { smokeTest } from '../scripts/smoke-test.ts';
import { Account, type Answer, refused } from './account.ts';

const [step] = select(loadWorkspace(), ['05']);
assert.ok(step);

const stadiums = JSON.stringify(Array.from({ length: 32 }, (_, id) => ({ id })));
const traceId = '1-5e34a614-10bda1f6fb44f07bc535a1aa';

/** An API that answers so. */
async function api(status: number, body: string): Promise<string> {
    const server: Server = createServer((_, response) => void response.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    after(() => server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const metric = (hit: number): string => JSON.stringify({ _aws: { CloudWatchMetrics: [] }, FunctionName: 'Stadiums-Step05', ColdStart: 0, CacheHit: hit, RowCount: 32 });
const cold = `REPORT RequestId: 1\tDuration: 31.50 ms\tBilled Duration: 52 ms\tMemory Size: 256 MB\tMax Memory Used: 21 MB\tInit Duration: 20.50 ms\t\nXRAY TraceId: ${traceId}\tSegmentId: 07f5\tSampled: true\t\n`;
const warm = 'REPORT RequestId: 2\tDuration: 3.25 ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 21 MB\t\n';
const logs = (...messages: string[]): Answer => ({
    when: 'logs filter-log-events --log-group-name /aws/lambda/Stadiums-Step05 --start-time 1',
    out: { events: messages.map((message, timestamp) => ({ message, timestamp })) },
});
const trace: Answer = { when: `xray batch-get-traces --trace-ids ${traceId}`, out: { Traces: [{ Segments: [{ Document: '{"name":"Stadiums-Step05"}' }] }] } };

interface Case {
    readonly status?: number;
    readonly body?: string;
    readonly answers: readonly Answer[];
    readonly skip?: readonly string[];
}

async function findings({ status = 200, body = stadiums, answers, skip = [] }: Case): Promise<Finding[]> {
    new Account(...answers, trace).enter();
    const Url = await api(status, body);
    const deployed = { Step: '05-elasticache', Url, FunctionName: 'Stadiums-Step05', Architecture: 'x86_64', Memory: '256', Region: 'us-east-1' };
    assert.ok(step);
    return smokeTest(step, deployed, skip, [0, 0, 0]);
}

function states(found: readonly Finding[]): string[] {
    return found.map((it) => `${it.what.split(', ')[1]} ${it.state}`);
}

const allOk = ['answer ok', 'second call ok', 'cache ok', 'log ok', 'trace ok'];

test('a deployment that works is five lines', async () => {
    // What was logged cannot be found at once.
    const found = await findings({ answers: [{ ...logs(cold), once: true }, logs(metric(0), cold, metric(1), warm)] });
    assert.deepEqual(states(found), allOk, found.map(line).join('\n'));
    const text = found.map(line).join('\n');
    assert.match(text, /05-elasticache, answer: 200, 32 rows/);
    assert.match(text, /second call: warm, 3.25 ms/);
});

test('no rows: what fills the database is named', async () => {
    const found = await findings({ body: '[]', answers: [logs(metric(1), cold, metric(1), warm)] });
    assert.deepEqual(states(found), ['answer stop', ...allOk.slice(1)]);
    assert.match(line(found[0] as Finding), /0 and 0 rows instead of 32. Is the database filled\?\n.*Stadiums-Populate/);
});

test('a 503 is told with the log lines that say why', async () => {
    const error = JSON.stringify({ level: 'ERROR', error: 'database: connection timed out', message: 'request failed' });
    const body = '{"error":"unavailable"}';
    const found = await findings({ status: 503, body, answers: [logs(error, cold, error, warm)] });
    assert.deepEqual(states(found), ['answer stop', 'second call ok', 'cache stop', 'log stop', 'trace ok']);
    assert.match(line(found[0] as Finding), /503: \{"error":"unavailable"\}\n.*database: connection timed out/);
});

test('a cache that cannot be reached is noticed, although every answer is right', async () => {
    const warning = JSON.stringify({ level: 'WARN', error: 'invalid peer certificate: UnknownIssuer', message: 'cache not reachable' });
    const found = await findings({ answers: [logs(warning, metric(0), cold, warning, metric(0), warm)] });
    assert.deepEqual(states(found), ['answer ok', 'second call ok', 'cache stop', 'log stop', 'trace ok']);
    assert.match(line(found[2] as Finding), /CacheHit is 0, 0 in two calls: the function answers from the database.*UnknownIssuer/s);
});

test('an ERROR in the log fails, and so does what Lambda says of a function that ended', async () => {
    for (const trouble of [JSON.stringify({ level: 'ERROR', message: 'no such thing' }), '2026-11-28T00:00:00Z 1 Task timed out after 10.01 seconds']) {
        const found = await findings({ answers: [logs(metric(1), cold, trouble, metric(1), warm)] });
        assert.deepEqual(states(found), ['answer ok', 'second call ok', 'cache ok', 'log stop', 'trace ok']);
        assert.ok(line(found[3] as Finding).includes(trouble));
    }
});

test('a second cold start, a trace that does not come, and one that may not be asked for', async () => {
    const found = await findings({ answers: [logs(metric(1), cold, metric(1), cold), { when: 'xray', out: { Traces: [] } }] });
    assert.deepEqual(states(found), ['answer ok', 'second call stop', 'cache ok', 'log ok', 'trace stop']);
    const denied = await findings({ answers: [logs(metric(1), cold, metric(1), warm), refused('xray batch-get-traces', 'AccessDeniedException', 'no')] });
    assert.deepEqual(states(denied).at(-1), 'trace look');
});

test('what is skipped is named', async () => {
    const found = await findings({ answers: [logs(metric(1), cold, metric(1), warm)], skip: ['trace', 'warm'] });
    assert.deepEqual(found.filter((it) => it.state === 'skipped').map((it) => it.what), ['05-elasticache, warm', '05-elasticache, trace']);
});
