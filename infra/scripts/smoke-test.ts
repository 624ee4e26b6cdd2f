// The smoke test: what only a deployment itself can say, each in one line, and where it fails with the log lines that say why.

import { request } from 'node:http';
import { request as requestTls } from 'node:https';

import type { Step } from '../lib/workspace.ts';
import { aws, AwsError, pause } from './aws.ts';
import { type Finding, look, ok, stop } from './finding.ts';
import type { Deployed } from './outputs.ts';

/** What is asked, and what an emulator may be unable to answer (`--skip`). */
export const checkNames = ['answer', 'warm', 'cache', 'log', 'trace'] as const;
type CheckName = (typeof checkNames)[number];

/** Rows of the table: `data/stadiums.json`. */
const rows = 32;

/** Seconds before each look: log lines and traces take a while until they can be found. */
const patience = [3, 5, 10, 15, 30, 30];

interface Answer {
    readonly status: number;
    readonly body: string;
    /** By the server's clock, ms since 1970; the logs have it, too. */
    readonly date: number;
}

/** A line of the function's log group. */
interface Event {
    readonly timestamp: number;
    readonly message: string;
}

/** Calls the deployed `step` twice and looks at what it left behind. */
export async function smokeTest(
    step: Step,
    deployed: Deployed,
    skip: readonly string[] = [],
    pauses: readonly number[] = patience,
): Promise<Finding[]> {
    const answers = [await call(deployed.Url), await call(deployed.Url)];
    const since = Math.min(...answers.map((it) => it.date)) - 2000;
    const logs = await events(deployed.FunctionName, since, pauses);
    const why = logs.filter(isTrouble).map((it) => it.message.trim());
    const checks: Readonly<Record<CheckName, () => Promise<Finding | undefined> | Finding | undefined>> = {
        answer: () => answered(step, answers, why),
        warm: () => warm(logs),
        cache: () => (step.services.includes('cache') ? cached(logs, why) : undefined),
        log: () => quiet(logs, why),
        trace: () => (step.tracing ? traced(logs, deployed.FunctionName, pauses) : undefined),
    };
    const findings: (Finding | undefined)[] = [];
    for (const [name, check] of Object.entries(checks)) {
        findings.push(skip.includes(name) ? { what: name, state: 'skipped', found: 'on request' } : await check());
    }
    return findings.filter((it) => it !== undefined).map((it) => ({ ...it, what: `${step.name}, ${it.what}` }));
}

function answered(step: Step, answers: readonly Answer[], why: readonly string[]): Finding {
    const what = 'answer';
    const bad = answers.find((it) => it.status !== 200);
    if (bad) return stop(what, `${bad.status}: ${bad.body.slice(0, 300)}`, ...why);
    if (!step.services.includes('database')) return ok(what, '200');
    const found = answers.map((it) => count(it.body));
    if (found.every((it) => it === rows)) return ok(what, `200, ${rows} rows`);
    return stop(
        what,
        `${found.join(' and ')} rows instead of ${rows}. Is the database filled?`,
        'aws lambda invoke --function-name Stadiums-Populate /dev/stdout        says why not',
        ...why,
    );
}

/** Elements of a JSON list, or what is wrong with it. */
function count(body: string): number | string {
    try {
        const value: unknown = JSON.parse(body);
        return Array.isArray(value) ? value.length : 'no list of';
    } catch {
        return 'no JSON and no';
    }
}

function warm(logs: readonly Event[]): Finding {
    const what = 'second call';
    const reports = logs.filter(isReport);
    const last = reports.at(-1);
    if (last === undefined || reports.length < 2) return look(what, 'its REPORT line did not come in time: run the smoke test again');
    const duration = /\tDuration: ([\d.]+ ms)/.exec(last.message)?.[1] ?? 'unknown';
    return last.message.includes('Init Duration:')
        ? stop(what, 'it was a cold start, too: the first environment ended after its answer', last.message.trim())
        : ok(what, `warm, ${duration}`);
}

/** Where the cache cannot be reached, the database answers, for ever, and nobody notices but here. */
function cached(logs: readonly Event[], why: readonly string[]): Finding {
    const what = 'cache';
    const hits = logs.map((it) => record(it.message)?.['CacheHit']).filter((it) => it !== undefined);
    if (hits.includes(1)) return ok(what, 'CacheHit is 1');
    const seen = hits.length > 0 ? `CacheHit is ${hits.join(', ')} in two calls` : 'no line has a CacheHit';
    return stop(
        what,
        `${seen}: the function answers from the database, and 05 and later are no faster than 04. TLS to ElastiCache, the ` +
            'security group, the parameters /stadiums/cache/*? The log says:',
        ...(why.length > 0 ? why : ['nothing at WARN or ERROR']),
    );
}

function quiet(logs: readonly Event[], why: readonly string[]): Finding {
    if (logs.length === 0) return look('log', 'no line came in time: may the function write its log? Run the smoke test again');
    return why.length === 0 ? ok('log', 'nothing at WARN or ERROR') : stop('log', `${why.length} line(s) at WARN or ERROR:`, ...why);
}

/** X-Ray takes the first request of each second; its REPORT line names the trace. */
async function traced(logs: readonly Event[], name: string, pauses: readonly number[]): Promise<Finding> {
    const what = 'trace';
    const id = logs.map((it) => /XRAY TraceId: (\S+).*Sampled: true/s.exec(it.message)?.[1]).find((it) => it !== undefined);
    if (id === undefined) return look(what, 'none of the calls was sampled: run the smoke test again');
    try {
        for (const seconds of pauses) {
            await pause(seconds);
            const { Traces } = await aws<{ Traces: { Segments: { Document: string }[] }[] }>('xray', 'batch-get-traces', '--trace-ids', id);
            if (JSON.stringify(Traces).includes(name)) return ok(what, `${id} has arrived`);
        }
    } catch (error) {
        if (error instanceof AwsError) return look(what, `could not be asked for: ${error.message}`);
        throw error;
    }
    return stop(what, `${id} has not arrived: may the function's role send traces (xray:PutTraceSegments)?`);
}

/** The function's log since then, as soon as it has the REPORT lines of both calls; what there is after the last pause. */
async function events(name: string, since: number, pauses: readonly number[]): Promise<Event[]> {
    let found: Event[] = [];
    for (const seconds of pauses) {
        await pause(seconds);
        const group = ['--log-group-name', `/aws/lambda/${name}`, '--start-time', String(since)];
        const answer = await aws<{ events: Event[] }>('logs', 'filter-log-events', ...group);
        found = answer.events.sort((a, b) => a.timestamp - b.timestamp);
        if (found.filter(isReport).length >= 2) break;
    }
    return found;
}

function isReport({ message }: Event): boolean {
    return message.startsWith('REPORT RequestId:');
}

/** A line of ours at WARN or ERROR, or one of the Lambda service about a function that failed. */
function isTrouble({ message }: Event): boolean {
    const level = record(message)?.['level'];
    return level === 'WARN' || level === 'ERROR' || /Task timed out|Runtime\.\w+|Extension\.\w+Error|panicked at|Status: (error|timeout)/.test(message);
}

function record(message: string): Record<string, unknown> | undefined {
    try {
        const value: unknown = JSON.parse(message);
        return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
    } catch {
        return undefined;
    }
}

/** GET; against an emulator (AWS_ENDPOINT_URL), which tells APIs apart by the Host header. */
function call(url: string): Promise<Answer> {
    const emulator = process.env['AWS_ENDPOINT_URL'];
    const { host } = new URL(url);
    const target = new URL(emulator ?? url);
    const send = target.protocol === 'https:' ? requestTls : request;
    return new Promise((resolve, reject) => {
        const sent = send(target, { headers: { host }, timeout: 45_000 }, (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (part: string) => (body += part));
            response.on('end', () => {
                const date = Date.parse(response.headers.date ?? '');
                resolve({ status: response.statusCode ?? 0, body, date: Number.isNaN(date) ? Date.now() : date });
            });
        });
        sent.on('timeout', () => sent.destroy(new Error(`no answer from ${host} within 45 s`)));
        sent.on('error', reject);
        sent.end();
    });
}
