// What the stacks cost, from data/facts.toml.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'smol-toml';

import { project } from './names.ts';
import { zoneCount } from './network.ts';
import { defaultRate } from './settings.ts';
import type { Step } from './workspace.ts';

/** One constant of `data/facts.toml`. */
interface Fact {
    readonly value: number;
    readonly unit: string;
    readonly source: string;
    readonly date: string;
    readonly sure: string;
}

/** Something that costs while it exists. */
export interface Standing {
    /** The id of its stack. */
    readonly stack: string;
    readonly what: string;
    readonly usdPerHour: number;
    readonly source: string;
}

export class Prices {
    private readonly facts: Record<string, unknown>;

    constructor(root: string) {
        this.facts = parse(readFileSync(join(root, 'data/facts.toml'), 'utf8'));
    }

    /** What the shared stacks cost while they exist. A step costs nothing while nobody calls it. */
    standing(): Standing[] {
        const endpoint = this.fact('prices.network.vpc_endpoint_hour', 'USD/h');
        const instance = this.fact('prices.database.aurora_t4g_medium_hour', 'USD/h');
        const proxy = this.fact('prices.database.proxy_vcpu_hour', 'USD/vCPU-h');
        const vcpus = this.fact('prices.database.proxy_vcpu_minimum', 'vCPU').value;
        const cache = this.fact('prices.elasticache.valkey_t4g_micro', 'USD/h');
        const line = (stack: string, what: string, fact: Fact, count = 1): Standing => ({
            stack,
            what,
            usdPerHour: fact.value * count,
            source: `${fact.source} (${fact.date}, ${fact.sure})`,
        });
        return [
            line('Network', `endpoint of Parameter Store in ${zoneCount} zones`, endpoint, zoneCount),
            line('Database', 'Aurora PostgreSQL, db.t4g.medium', instance),
            line('Database', `RDS Proxy, ${vcpus} vCPU`, proxy, vcpus),
            line('Cache', 'Valkey, cache.t4g.micro', cache),
        ];
    }

    /** USD for a million requests that take `milliseconds` each, without the free tier, logs and traces. */
    millionRequests(step: Step, milliseconds: number): number {
        const second = this.fact(`prices.lambda.gb_second_${step.architecture}`, 'USD/GB-s').value;
        const computing = 1e6 * second * (step.memory / 1024) * (milliseconds / 1000);
        const unit = 'USD/million requests';
        return this.fact('prices.lambda.request', unit).value + this.fact('prices.http_api.request', unit).value + computing;
    }

    /** How many requests a second one execution environment may answer, however fast it is. */
    requestsPerEnvironment(): number {
        return this.fact('limits.rate_per_environment', 'requests/s').value;
    }

    /** Requests a second to Parameter Store, of all functions of the account in a Region. */
    parameterStoreQuota(): number {
        return this.fact('parameter_store.quota', 'requests/s').value;
    }

    /** Parameter Store's higher throughput: requests a second, and what 10,000 of them cost. */
    higherThroughput(): { readonly quota: number; readonly usdPer10000: number } {
        return {
            quota: this.fact('parameter_store.quota_higher_get_parameter', 'requests/s').value,
            usdPer10000: this.fact('prices.parameter_store.interaction', 'USD/10000 interactions').value,
        };
    }

    /** USD for a metric of one's own that is written in every hour of a month. */
    metric(): number {
        return this.fact('prices.metrics.custom', 'USD/metric-month').value;
    }

    /** USD for an hour in which a vCPU of the database does more than its class has credits for. */
    surplusCredits(): number {
        return this.fact('prices.database.aurora_t4g_surplus_vcpu_hour', 'USD/vCPU-h').value;
    }

    private fact(path: string, unit: string): Fact {
        const walk = (at: unknown, key: string): unknown => (at as Record<string, unknown> | undefined)?.[key];
        const fact = path.split('.').reduce(walk, this.facts as unknown) as Fact | undefined;
        if (typeof fact?.value !== 'number' || fact.unit !== unit) {
            throw new Error(`data/facts.toml: ${path} must be a number in ${unit}`);
        }
        return fact;
    }
}

/** Metrics that the log lines of a step make (steps/support, emf.rs): ColdStart, RowCount, CacheHit. */
function metrics(step: Step): number {
    return 1 + Number(step.services.includes('database')) + Number(step.services.includes('cache'));
}

/** The shared stacks that `steps` need, by their ids. */
export function sharedStacks(steps: readonly Step[]): string[] {
    const some = (service: 'database' | 'cache'): boolean => steps.some((it) => it.services.includes(service));
    return [
        ...(steps.some((it) => it.services.length > 0) ? ['Network'] : []),
        ...(some('database') ? ['Database', 'Populate'] : []),
        ...(some('cache') ? ['Cache'] : []),
    ];
}

/** A table for people: the shared stacks in `stacks`, then each of `steps`, whose API lets `rate` requests a second through. */
export function table(prices: Prices, stacks: readonly string[], steps: readonly Step[], rate = defaultRate): string {
    const lines = prices.standing().filter((it) => stacks.includes(it.stack));
    const total = lines.reduce((sum, it) => sum + it.usdPerHour, 0);
    const row = (stack: string, what: string, hour: string, day: string, rest = ''): string =>
        [stack.padEnd(10), what.padEnd(38), hour.padStart(9), day.padStart(9), rest].join(' ').trimEnd();
    const money = (usd: number, digits: number): string => usd.toFixed(digits);
    const standing = [
        'While they exist, in USD, us-east-1, without the free tier:',
        row('stack', '', 'per hour', 'per day', ' source'),
        ...lines.map((it) => row(it.stack, it.what, money(it.usdPerHour, 4), money(it.usdPerHour * 24, 2), ` ${it.source}`)),
        row('together', '', money(total, 4), money(total * 24, 2)),
    ];
    return [
        ...(lines.length > 0 ? standing : ['No shared stack is needed: nothing costs by the hour.']),
        '',
        `A step costs nothing while nobody calls it. A million requests, Lambda and HTTP API, in USD, us-east-1, if one takes ${sampleDurations.join(' or ')} ms:`,
        ...steps.map((step) => {
            const usd = sampleDurations.map((it) => money(prices.millionRequests(step, it), 2)).join(' or ');
            return `${step.id.padEnd(24)} ${`${step.memory} MB, ${step.architecture}`.padEnd(38)} ${usd}`;
        }),
        ...steps.slice(0, 1).map((step) => {
            const day = (prices.millionRequests(step, sampleDurations[0]) * rate * 86_400) / 1e6;
            return `The throttle is ${rate} requests/s: a URL that somebody calls without a pause costs at most ${money(day, 2)} a day at ${sampleDurations[0]} ms.`;
        }),
        `Metrics, made of log lines: ${[...new Set(steps.map(metrics))].join(' or ')} a step, ${money(prices.metric(), 2)} each for a month, billed for the hours with calls.`,
        ...(stacks.includes('Database')
            ? [`A vCPU of the database that is busy for longer than its credits last: ${money(prices.surplusCredits(), 2)} an hour.`]
            : []),
        'Logs, traces, and the storage and I/O of the database come on top.',
    ].join('\n');
}

/** What the stacks in `existing`, by their full names, cost from now on; none if nothing of them costs by the hour. */
export function standingNote(prices: Prices, existing: readonly string[]): string | undefined {
    const standing = prices.standing().filter((it) => existing.includes(`${project}-${it.stack}`));
    const total = standing.reduce((sum, it) => sum + it.usdPerHour, 0);
    if (total === 0) return undefined;
    return (
        `They cost ${total.toFixed(4)} USD per hour, ${(total * 24).toFixed(2)} per day (us-east-1), whether anybody calls them or not: ` +
        'npm run destroy -- all'
    );
}

/** A slow and a fast request, to show what duration does to the bill; no measurement. */
const sampleDurations = [100, 10] as const;
