// What can be given on the command line: `-c owner=ada`.

import { zoneCount } from './network.ts';
import type { Architecture } from './workspace.ts';

export interface Settings {
    /** A prefix for the step stacks, so that a room can share an account and its shared stacks. */
    readonly owner?: string;
    /** `room`: owners that all get the same steps, and a policy each; `npm run room` gives it. */
    readonly room: readonly string[];
    /** `steps`: only these step stacks, by their ids; a room of forty would else be hundreds of stacks. */
    readonly steps?: readonly string[];
    /** `attendee=true`: deploy with the owner's own roles, which `npm run room` made. */
    readonly attendee: boolean;
    /** `attendees`: how many people will use the account; asked of its quotas before anything is created. */
    readonly attendees: number;
    /** `zones`: Availability Zones to use, separated by commas. */
    readonly zones?: readonly string[];
    /** `rate`: requests a second that each step's API lets through. */
    readonly rate: number;
    /** `extension-arn`: layers of the Parameters and Secrets extension, newer than those that CDK knows. */
    readonly extension: Partial<Record<Architecture, string>>;
    /** `debug=true`: RDS Proxy logs what it does, and the database why it refused an IAM sign-in. */
    readonly debug: boolean;
    /** `hours`: the stacks are deleted after so many. */
    readonly hours?: number;
    /** `expires` and `expiring`, which `npm run deploy` makes of `hours`: when, and which stacks by their names. */
    readonly expiry?: { readonly at: string; readonly stacks: readonly string[] };
    /** `budget` (USD a month) and `email`. */
    readonly budget?: { readonly limit: number; readonly email: string };
    /** `power-tuning=true` */
    readonly powerTuning: boolean;
}

/**
 * Requests a second, unless `rate` says otherwise: a URL that somebody calls without a pause for a day costs a tenth of what
 * it would at the sample's 200 (`npm run prices` computes it).
 */
export const defaultRate = 20;

/** What a person may give with `-c KEY=VALUE`, besides CDK's own keys. */
const known = [
    'owner',
    'attendee',
    'attendees',
    'zones',
    'rate',
    'extension-arn',
    'debug',
    'hours',
    'budget',
    'email',
    'power-tuning',
    'placeholders',
];

/** The settings in `-c KEY=VALUE` options, for what must be refused before anything is built. */
export function fromOptions(options: readonly string[]): Settings {
    const pairs = options.map((option): [string, string] => {
        const [key = '', ...rest] = option.split('=');
        if (rest.length === 0 || !(known.includes(key) || key.startsWith('@'))) {
            throw new Error(`-c ${option}: there is ${known.map((name) => `${name}=...`).join(', ')}`);
        }
        return [key, rest.join('=')];
    });
    const given = new Map(pairs);
    return settings((name) => given.get(name));
}

/** Stops unless `name` can be an owner's. */
export function ownerName(name: string): string {
    if (/^[a-z][a-z0-9]{0,19}$/.test(name)) return name;
    throw new Error(`owner is ${JSON.stringify(name)}: give at most 20 lower-case letters and digits, a letter first`);
}

/** `context` answers with what was given for a key. */
export function settings(context: (name: string) => string | undefined): Settings {
    const owner = context('owner');
    const steps = list(context('steps'));
    const hours = number(context, 'hours', 1, 168);
    const zones = zoneNames(context('zones'));
    const budget = alarm(context('budget'), context('email'));
    const expires = context('expires');
    if (flag(context, 'attendee') && owner === undefined) {
        throw new Error('attendee=true needs a name as well: -c owner=NAME');
    }
    return {
        ...(owner !== undefined ? { owner: ownerName(owner) } : {}),
        room: list(context('room')).map(ownerName),
        ...(steps.length > 0 ? { steps } : {}),
        attendee: flag(context, 'attendee'),
        attendees: number(context, 'attendees', 1, 1000) ?? 1,
        ...(zones !== undefined ? { zones } : {}),
        rate: number(context, 'rate', 1, 10_000) ?? defaultRate,
        extension: layers(list(context('extension-arn'))),
        debug: flag(context, 'debug'),
        ...(hours !== undefined ? { hours } : {}),
        ...(expires !== undefined ? { expiry: { at: expires, stacks: list(context('expiring')) } } : {}),
        ...(budget !== undefined ? { budget } : {}),
        powerTuning: flag(context, 'power-tuning'),
    };
}

function list(value: string | undefined): string[] {
    return value === undefined || value === '' ? [] : value.split(',');
}

function flag(context: (name: string) => string | undefined, name: string): boolean {
    const value = context(name);
    if (value !== undefined && !['true', 'false'].includes(value)) {
        throw new Error(`${name} is ${JSON.stringify(value)}: true or false`);
    }
    return value === 'true';
}

function number(context: (name: string) => string | undefined, name: string, least: number, most: number): number | undefined {
    const value = context(name);
    if (value === undefined) return undefined;
    const read = Number(value);
    if (!/^\d+$/.test(value) || read < least || read > most) {
        throw new Error(`${name} is ${JSON.stringify(value)}: a whole number from ${least} to ${most}`);
    }
    return read;
}

function zoneNames(value: string | undefined): string[] | undefined {
    const zones = value?.split(',');
    if (zones !== undefined && zones.length !== zoneCount) {
        throw new Error(`zones is ${JSON.stringify(value)}: name ${zoneCount}, separated by a comma`);
    }
    return zones;
}

function alarm(limit: string | undefined, email: string | undefined): Settings['budget'] {
    if ((limit === undefined) !== (email === undefined) || (limit !== undefined && !(Number(limit) > 0))) {
        throw new Error('a budget alarm needs both -c budget=USD and -c email=ADDRESS');
    }
    return limit !== undefined && email !== undefined ? { limit: Number(limit), email } : undefined;
}

/** AWS names the layer for arm64 `...-Arm64`, and that for x86_64 without a suffix. */
function layers(arns: readonly string[]): Partial<Record<Architecture, string>> {
    return Object.fromEntries(
        arns.map((arn) => {
            if (!/^arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:[\w-]+:\d+$/.test(arn)) {
                throw new Error(`extension-arn is ${JSON.stringify(arn)}: the ARN of a layer with its version`);
            }
            return [/-Arm64:\d+$/.test(arn) ? 'arm64' : 'x86_64', arn];
        }),
    );
}
