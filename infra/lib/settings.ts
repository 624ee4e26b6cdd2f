// What can be given on the command line: `-c owner=ada`.

import { zoneCount } from './network.ts';

export interface Settings {
    /** A prefix for the step stacks, so that a room can share an account and its shared stacks. */
    readonly owner?: string;
    /** `zones`: Availability Zones to use, separated by commas. */
    readonly zones?: string[];
    /** `budget` (USD a month) and `email`. */
    readonly budget?: { readonly limit: number; readonly email: string };
    /** `power-tuning=true` */
    readonly powerTuning: boolean;
}

/** What `-c KEY=VALUE` knows besides CDK's own keys. */
const known = ['owner', 'zones', 'budget', 'email', 'power-tuning', 'placeholders'];

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

/** `context` answers with what was given for a key. */
export function settings(context: (name: string) => string | undefined): Settings {
    const owner = context('owner');
    if (owner !== undefined && !/^[a-z][a-z0-9]{0,19}$/.test(owner)) {
        throw new Error(`owner is ${JSON.stringify(owner)}: give at most 20 lower-case letters and digits, a letter first`);
    }
    const zones = context('zones')?.split(',');
    if (zones !== undefined && zones.length !== zoneCount) {
        throw new Error(`zones is ${JSON.stringify(zones.join(','))}: name ${zoneCount}, separated by a comma`);
    }
    const limit = context('budget');
    const email = context('email');
    if ((limit === undefined) !== (email === undefined) || (limit !== undefined && !(Number(limit) > 0))) {
        throw new Error('a budget alarm needs both -c budget=USD and -c email=ADDRESS');
    }
    const tuning = context('power-tuning');
    if (tuning !== undefined && !['true', 'false'].includes(tuning)) {
        throw new Error(`power-tuning is ${JSON.stringify(tuning)}: true or false`);
    }
    return {
        ...(owner !== undefined ? { owner } : {}),
        ...(zones !== undefined ? { zones } : {}),
        ...(limit !== undefined && email !== undefined ? { budget: { limit: Number(limit), email } } : {}),
        powerTuning: tuning === 'true',
    };
}
